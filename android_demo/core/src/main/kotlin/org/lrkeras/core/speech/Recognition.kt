package org.lrkeras.core.speech

/**
 * What is known after a step of speech.
 *
 * @property text The final words and those of the current utterance.
 * @property isNew Whether the text differs from that of the step before.
 */
data class Recognition(val text: String, val isNew: Boolean)
