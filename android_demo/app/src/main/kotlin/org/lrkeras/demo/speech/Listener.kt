package org.lrkeras.demo.speech

import org.lrkeras.core.speech.SpeechRecognizer
import org.lrkeras.core.stats.LatencyWindow

/** One model that hears a recording, with what it costs. */
internal class Listener(private val recognizer: SpeechRecognizer) {
    private val endToText = LatencyWindow()

    /** What was recognised. */
    var text = ""
        private set

    /** Starts a new recording. */
    fun reset() {
        recognizer.reset()
        endToText.clear()
        text = ""
    }

    /**
     * Takes the next hop.
     *
     * @param sinceLoud Nanoseconds from the last loud hop to this one. The own computing time is added, and not that of another
     *   model which had its turn before: so a model has the latency that it would have alone.
     */
    fun accept(hop: ShortArray, sinceLoud: Long) {
        val begin = System.nanoTime()
        val recognition = recognizer.accept(hop)
        if (recognition.isNew) endToText.add(sinceLoud + System.nanoTime() - begin)
        text = recognition.text
    }

    /** The figures so far; [frontEnd] is the mean time of a step of the front end in nanoseconds, or null. */
    fun figures(frontEnd: Double?): SpeechFigures {
        val timing = recognizer.timing
        fun micros(nanos: Long) = nanos / NANOS / timing.steps
        val latency = endToText.stats()?.let { it.p50 }
        return SpeechFigures(timing.realTimeFactor, latency, micros(timing.input), micros(timing.model), frontEnd?.let { it / NANOS }, micros(timing.decoder))
    }

    private companion object {
        const val NANOS = 1e3
    }
}
