package org.lrkeras.demo.common

import org.lrkeras.demo.R

/** Durations in the unit that a person reads best. */
object TimeText {
    private const val MILLI = 1e3

    /** [micros] as "12 µs", "0.41 ms", "12.3 ms" or "123 ms". */
    fun of(micros: Double): UiText {
        val millis = micros / MILLI
        return when {
            micros < 99.5 -> UiText(R.string.time_micros, micros)
            millis < 9.995 -> UiText(R.string.time_fine, millis)
            millis < 99.95 -> UiText(R.string.time_millis, millis)
            else -> UiText(R.string.time_coarse, millis)
        }
    }
}
