package org.lrkeras.core.speech

/**
 * Where the time of recognition went, in nanoseconds, and how much audio it was for.
 *
 * The mel front end is part of the model's graph: [model] holds both ([FrontEndTimer] tells them apart). [input] is the
 * conversion of samples, [decoder] the search for words.
 */
data class SpeechTiming(val steps: Int = 0, val audio: Long = 0, val input: Long = 0, val model: Long = 0, val decoder: Long = 0) {
    /** Computing time over the time of the audio; below 1 is faster than speech. */
    val realTimeFactor: Double get() = if (audio == 0L) 0.0 else (input + model + decoder).toDouble() / audio

    /** This with a further step. */
    fun plus(audio: Long, input: Long, model: Long, decoder: Long) =
        SpeechTiming(steps + 1, this.audio + audio, this.input + input, this.model + model, this.decoder + decoder)
}
