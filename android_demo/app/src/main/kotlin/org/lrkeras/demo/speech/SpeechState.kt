package org.lrkeras.demo.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.demo.common.UiText

/**
 * What the screen of speech shows.
 *
 * @property clips Recordings that come with the app.
 * @property isListening Whether samples come in, of the microphone or of a recording.
 * @property text What was recognised.
 * @property level Loudness in decibels of full scale.
 */
data class SpeechState(
    val models: List<ModelCard> = emptyList(),
    val selected: Int = 0,
    val clips: List<String> = emptyList(),
    val selectedClip: Int = 0,
    val isListening: Boolean = false,
    val text: String = "",
    val level: Double = LevelMeter.SILENCE,
    val figures: SpeechFigures? = null,
    val message: UiText? = null,
) {
    val model: ModelCard? get() = models.getOrNull(selected)
}
