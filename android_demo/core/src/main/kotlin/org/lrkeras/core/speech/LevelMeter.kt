package org.lrkeras.core.speech

import kotlin.math.log10
import kotlin.math.sqrt

/** Loudness of samples. */
object LevelMeter {
    /** Decibels below full scale that count as silence. */
    const val SILENCE = -60.0

    /** Level of 16-bit samples in decibels of full scale, from [SILENCE] to 0. */
    fun decibels(samples: ShortArray): Double {
        if (samples.isEmpty()) return SILENCE
        val power = samples.sumOf { (it / 32768.0).let { x -> x * x } } / samples.size
        return if (power == 0.0) SILENCE else (20 * log10(sqrt(power))).coerceIn(SILENCE, 0.0)
    }
}
