package org.lrkeras.demo.keyboard

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.stats.LatencyStats
import org.lrkeras.core.words.Correction
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.common.UiText

/**
 * What the strip above the keys shows.
 *
 * @property model The model that suggests, once the models are known.
 * @property text The text before the cursor that the suggestions belong to; null where nothing is suggested.
 * @property correction What the last word of [text] should be, or null.
 * @property last Time from the newest keystroke to its suggestions in nanoseconds, and
 * @property latency that of the last hundred; null before the first.
 * @property message What went wrong, or null.
 */
data class KeyboardState(
    val models: List<ModelCard> = emptyList(),
    val model: ModelCard? = null,
    val text: String? = null,
    val suggestions: List<Suggestion> = emptyList(),
    val correction: Correction? = null,
    val last: Long? = null,
    val latency: LatencyStats? = null,
    val message: UiText? = null,
)
