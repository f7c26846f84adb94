package org.lrkeras.core.stats

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Test

class LatencyStatsTest {
    @Test
    fun percentilesAreByNearestRank() {
        val stats = LatencyStats.of(LongArray(200) { (200 - it) * 1000L })
        assertEquals(LatencyStats(200, mean = 100.5, p50 = 100.0, p90 = 180.0, p99 = 198.0, max = 200.0), stats)
        assertEquals(LatencyStats(1, 7.0, 7.0, 7.0, 7.0, 7.0), LatencyStats.of(longArrayOf(7000)))
        // Of three: the second, the third.
        assertEquals(2.0, LatencyStats.of(longArrayOf(3000, 1000, 2000)).p50, 0.0)
        assertEquals(3.0, LatencyStats.of(longArrayOf(3000, 1000, 2000)).p90, 0.0)
        assertThrows(IllegalArgumentException::class.java) { LatencyStats.of(longArrayOf()) }
    }

    @Test
    fun theWindowKeepsTheNewest() {
        val window = LatencyWindow(capacity = 3)
        assertNull(window.last)
        assertNull(window.stats())
        for (micros in 1L..5L) window.add(micros * 1000)
        assertEquals(5000L, window.last)
        assertEquals(LatencyStats(3, 4.0, 4.0, 5.0, 5.0, 5.0), window.stats())
        window.clear()
        assertNull(window.stats())
    }
}
