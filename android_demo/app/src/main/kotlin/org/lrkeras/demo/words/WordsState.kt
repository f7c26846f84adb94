package org.lrkeras.demo.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.common.ComparedState
import org.lrkeras.demo.common.ModelColumn
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.with

/**
 * What one model makes of the typing.
 *
 * @property selected Place of the model among those of the state.
 * @property message Why it cannot be used, or null.
 */
data class WordsColumn(
    override val selected: Int = 0,
    val suggestions: List<Suggestion> = emptyList(),
    val figures: WordsFigures? = null,
    val message: UiText? = null,
) : ModelColumn

/**
 * What the screen of word prediction shows.
 *
 * @property columns The model, and the one that it is compared with.
 * @property isComparing Whether both answer.
 * @property missing Told where there is no model at all, or null.
 */
data class WordsState(
    override val models: List<ModelCard> = emptyList(),
    override val columns: List<WordsColumn> = listOf(WordsColumn(), WordsColumn()),
    override val isComparing: Boolean = false,
    val missing: UiText? = null,
) : ComparedState {
    val selected: Int get() = columns[0].selected
    val model: ModelCard? get() = modelOf(0)
    val suggestions: List<Suggestion> get() = columns[0].suggestions
    val message: UiText? get() = missing ?: columns[0].message

    /** This with one column changed. */
    fun with(column: Int, change: (WordsColumn) -> WordsColumn) = copy(columns = columns.with(column, change))
}
