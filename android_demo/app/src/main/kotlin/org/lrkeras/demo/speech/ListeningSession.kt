package org.lrkeras.demo.speech

import org.lrkeras.core.speech.FrontEndTimer
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.core.speech.PeakRing
import org.lrkeras.demo.R
import org.lrkeras.demo.common.UiText

/**
 * One recording, from its first sample to the last word, for one model or two.
 *
 * Two hear the same samples. They take turns on one thread, and the one that begins changes with every hop.
 *
 * @param listeners The models, by their column.
 * @param frontEnd Times the front end of the models, if there is a file of it.
 * @param onChange Takes changes of the state, from the thread of the recording.
 */
internal class ListeningSession(
    listeners: Map<Int, Listener>,
    private val samplesPerStep: Int,
    private val frontEnd: FrontEndTimer?,
    private val onChange: ((SpeechState) -> SpeechState) -> Unit,
) {
    private val listeners = LinkedHashMap(listeners)
    private val peaks = PeakRing(PEAKS)
    private var lastLoud = 0L
    private var hops = 0

    /** Reads until the source ends or [isStopped], and then silence, so that the last word is finished. */
    fun run(source: AudioSource, isStopped: () -> Boolean) {
        listeners.values.forEach { it.reset() }
        frontEnd?.reset()
        lastLoud = System.nanoTime()
        val hop = ShortArray(samplesPerStep)
        while (!isStopped() && source.read(hop)) step(hop)
        hop.fill(0)
        repeat(SILENT_STEPS) { step(hop) }
    }

    private fun step(hop: ShortArray) {
        val captured = System.nanoTime()
        val level = LevelMeter.decibels(hop)
        if (level > LOUD) lastLoud = captured
        peaks.add(hop)
        val columns = if (hops++ % 2 == 0) listeners.keys.toList() else listeners.keys.reversed()
        for (column in columns) accept(column, hop, captured - lastLoud)
        val heard = listeners.mapValues { (_, one) -> one.text to one.figures(frontEnd?.mean) }
        val shown = peaks.snapshot().asList()
        onChange { state ->
            heard.entries.fold(state.copy(level = level, peaks = shown)) { now, (column, found) ->
                now.with(column) { it.copy(text = found.first, figures = found.second) }
            }
        }
        // After the texts, which it must not delay; its time counts towards nothing else.
        frontEnd?.step(hop)
    }

    /** A model that fails is told, and the other one goes on. */
    private fun accept(column: Int, hop: ShortArray, sinceLoud: Long) {
        try {
            listeners.getValue(column).accept(hop, sinceLoud)
        } catch (error: RuntimeException) {
            listeners.remove(column)
            onChange { state -> state.with(column) { it.copy(message = UiText(R.string.model_failed, error.message.orEmpty())) } }
        }
    }

    private companion object {
        /** Decibels above which a hop is speech. */
        const val LOUD = -40.0

        /** More than the pause that ends a word. */
        const val SILENT_STEPS = 20

        /** Hops that a waveform shows: two seconds. */
        const val PEAKS = 100
    }
}
