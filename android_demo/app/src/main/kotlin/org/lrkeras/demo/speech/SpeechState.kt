package org.lrkeras.demo.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.demo.common.ComparedState
import org.lrkeras.demo.common.ModelColumn
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.with

/**
 * What one model makes of the sound.
 *
 * @property selected Place of the model among those of the state.
 * @property message Why it cannot be used, or null.
 */
data class SpeechColumn(override val selected: Int = 0, val text: String = "", val figures: SpeechFigures? = null, val message: UiText? = null) : ModelColumn

/**
 * What the screen of speech shows.
 *
 * @property columns The model, and the one that it is compared with.
 * @property isComparing Whether both listen.
 * @property clips Recordings that come with the app.
 * @property isListening Whether samples come in, of the microphone or of a recording.
 * @property level Loudness in decibels of full scale.
 * @property peaks Loudest samples of the last hops, the oldest first.
 * @property notice What concerns no single model, such as the microphone; or null.
 */
data class SpeechState(
    override val models: List<ModelCard> = emptyList(),
    override val columns: List<SpeechColumn> = listOf(SpeechColumn(), SpeechColumn()),
    override val isComparing: Boolean = false,
    val clips: List<String> = emptyList(),
    val selectedClip: Int = 0,
    val isListening: Boolean = false,
    val level: Double = LevelMeter.SILENCE,
    val peaks: List<Float> = emptyList(),
    val notice: UiText? = null,
) : ComparedState {
    val selected: Int get() = columns[0].selected
    val model: ModelCard? get() = modelOf(0)
    val text: String get() = columns[0].text
    val figures: SpeechFigures? get() = columns[0].figures

    /** This with one column changed. */
    fun with(column: Int, change: (SpeechColumn) -> SpeechColumn) = copy(columns = columns.with(column, change))
}
