package org.lrkeras.demo.speech

/**
 * What recognition costs.
 *
 * @property realTimeFactor Computing time over the time of the audio.
 * @property endToText Microseconds from the last loud sample of a word to its text, median; null before the first word.
 * @property input Microseconds a step for the conversion of samples.
 * @property model Microseconds a step in the model, its mel front end included.
 * @property frontEnd Microseconds a step in the front end, run alone; null where it is not known.
 * @property decoder Microseconds a step for the search for words.
 */
data class SpeechFigures(
    val realTimeFactor: Double,
    val endToText: Double?,
    val input: Double,
    val model: Double,
    val frontEnd: Double?,
    val decoder: Double,
) {
    /** Microseconds a step in the model after its front end; null where that is not known. */
    val network: Double? get() = frontEnd?.let { maxOf(0.0, model - it) }
}
