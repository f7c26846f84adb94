package org.lrkeras.core.stats

import kotlin.math.ceil

/**
 * Percentiles of durations, by nearest rank: each is a duration that was measured.
 *
 * All but [count] in microseconds.
 */
data class LatencyStats(
    val count: Int,
    val mean: Double,
    val p50: Double,
    val p90: Double,
    val p99: Double,
    val max: Double,
) {
    companion object {
        /** Statistics of durations in nanoseconds, at least one. */
        fun of(nanos: LongArray): LatencyStats {
            require(nanos.isNotEmpty()) { "Expected at least one duration, received none." }
            val sorted = nanos.sortedArray()
            fun rank(share: Double) = sorted[ceil(share * sorted.size).toInt().coerceIn(1, sorted.size) - 1] / 1e3
            return LatencyStats(sorted.size, sorted.average() / 1e3, rank(0.5), rank(0.9), rank(0.99), sorted.last() / 1e3)
        }
    }
}
