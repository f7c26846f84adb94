package org.lrkeras.demo.speech

import org.lrkeras.core.speech.FrontEndTimer
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.core.speech.SpeechRecognizer
import org.lrkeras.core.stats.LatencyWindow

/**
 * One recording, from its first sample to the last word.
 *
 * @param frontEnd Times the front end of the model, if there is a file of it.
 * @param onChange Takes changes of the state, from the thread of the recording.
 */
internal class ListeningSession(
    private val recognizer: SpeechRecognizer,
    private val frontEnd: FrontEndTimer?,
    private val onChange: ((SpeechState) -> SpeechState) -> Unit,
) {
    private val endToText = LatencyWindow()
    private var lastLoud = 0L

    /** Reads until the source ends or [isStopped], and then silence, so that the last word is finished. */
    fun run(source: AudioSource, isStopped: () -> Boolean) {
        recognizer.reset()
        frontEnd?.reset()
        lastLoud = System.nanoTime()
        val hop = ShortArray(recognizer.samplesPerStep)
        while (!isStopped() && source.read(hop)) step(hop)
        hop.fill(0)
        repeat(SILENT_STEPS) { step(hop) }
    }

    private fun step(hop: ShortArray) {
        val captured = System.nanoTime()
        val level = LevelMeter.decibels(hop)
        if (level > LOUD) lastLoud = captured
        val recognition = recognizer.accept(hop)
        if (recognition.isNew) endToText.add(System.nanoTime() - lastLoud)
        val figures = figures()
        onChange { it.copy(level = level, text = recognition.text, figures = figures) }
        // After the text, which it must not delay; its time counts towards nothing else.
        frontEnd?.step(hop)
    }

    private fun figures(): SpeechFigures {
        val timing = recognizer.timing
        fun micros(nanos: Long) = nanos / 1e3 / timing.steps
        val latency = endToText.stats()?.let { it.p50 / 1e3 }
        return SpeechFigures(timing.realTimeFactor, latency, micros(timing.input), micros(timing.model), frontEnd?.mean?.let { it / 1e3 }, micros(timing.decoder))
    }

    private companion object {
        /** Decibels above which a hop is speech. */
        const val LOUD = -40.0

        /** More than the pause that ends a word. */
        const val SILENT_STEPS = 20
    }
}
