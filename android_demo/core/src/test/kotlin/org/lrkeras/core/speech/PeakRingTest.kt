package org.lrkeras.core.speech

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertThrows
import org.junit.Test

class PeakRingTest {
    @Test
    fun keepsTheLoudestSampleOfTheNewestHops() {
        val ring = PeakRing(3)
        assertArrayEquals(FloatArray(0), ring.snapshot(), 0f)
        ring.add(shortArrayOf(100, -16384, 5))
        ring.add(shortArrayOf())
        assertArrayEquals(floatArrayOf(0.5f, 0f), ring.snapshot(), 0f)
        ring.add(shortArrayOf(8192))
        // The negative end of the scale has no positive twin.
        ring.add(shortArrayOf(Short.MIN_VALUE))
        assertArrayEquals(floatArrayOf(0f, 0.25f, 1f), ring.snapshot(), 0f)
    }

    @Test
    fun aRingWithoutRoomIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { PeakRing(0) }
    }
}
