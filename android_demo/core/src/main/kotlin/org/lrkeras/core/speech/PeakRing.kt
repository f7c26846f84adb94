package org.lrkeras.core.speech

import kotlin.math.abs

/** The loudest sample of each of the last [capacity] hops, from 0 to 1: what a waveform is drawn from. */
class PeakRing(private val capacity: Int) {
    private val peaks = FloatArray(capacity)
    private var added = 0

    init {
        require(capacity >= 1) { "Expected room for at least one peak, received $capacity." }
    }

    /** Adds the peak of a hop of 16-bit samples; the oldest one makes room. */
    fun add(hop: ShortArray) {
        peaks[added % capacity] = (hop.maxOfOrNull { abs(it.toInt()) } ?: 0) / FULL_SCALE
        added++
    }

    /** A copy of what is kept, the oldest first. */
    fun snapshot(): FloatArray {
        val count = minOf(added, capacity)
        return FloatArray(count) { peaks[(added - count + it) % capacity] }
    }

    private companion object {
        const val FULL_SCALE = 32768f
    }
}
