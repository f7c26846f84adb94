package org.lrkeras.demo.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.common.UiText

/**
 * What the screen of word prediction shows.
 *
 * @property selected Place of the chosen model among [models].
 * @property message What went wrong, or null.
 */
data class WordsState(
    val models: List<ModelCard> = emptyList(),
    val selected: Int = 0,
    val suggestions: List<Suggestion> = emptyList(),
    val figures: WordsFigures? = null,
    val message: UiText? = null,
) {
    val model: ModelCard? get() = models.getOrNull(selected)
}
