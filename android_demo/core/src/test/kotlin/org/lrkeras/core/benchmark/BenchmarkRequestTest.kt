package org.lrkeras.core.benchmark

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.runtime.SessionOptions

class BenchmarkRequestTest {
    private val files = mapOf("a.tflite" to "words_dense", "b.tflite" to "words_doped", "c.tflite" to "speech_dense")

    @Test
    fun wordsBecomeAPlan() {
        val plan = BenchmarkRequest(models = "doped, speech", threads = "1,4", xnnpack = "both", runs = 5, millis = 2).plan(files)
        assertEquals(listOf("b.tflite", "c.tflite"), plan.models)
        val expected = listOf(SessionOptions(1, true), SessionOptions(4, true), SessionOptions(1, false), SessionOptions(4, false))
        assertEquals(expected, plan.settings)
        assertEquals(2_000_000L, plan.nanos)
        val usual = BenchmarkRequest().plan(files)
        assertEquals(listOf(3, 6, 200), listOf(usual.models.size, usual.settings.size, usual.runs))
        assertEquals(1_000_000_000L, usual.nanos)
        assertEquals(500_000_000L, usual.warmUpNanos)
    }

    @Test
    fun modesAreWordsToo() {
        assertEquals(Mode.BURST, BenchmarkRequest().plan(files).mode)
        val paced = BenchmarkRequest(mode = "paced", periodMillis = 20).plan(files)
        assertEquals(listOf(Mode.PACED, 20_000_000L), listOf(paced.mode, paced.periodNanos))
        val long = BenchmarkRequest(mode = "sustained", threads = "2", xnnpack = "off", sustainedSeconds = 120).plan(files)
        assertEquals(listOf(Mode.SUSTAINED, 120_000_000_000L, 12), listOf(long.mode, long.sustainedNanos, long.windows))
    }

    @Test
    fun whatMakesNoSenseIsRefused() {
        val wrong = listOf(
            BenchmarkRequest(models = "gru"), BenchmarkRequest(threads = "0"), BenchmarkRequest(threads = "two"), BenchmarkRequest(threads = ""),
            BenchmarkRequest(threads = "99"), BenchmarkRequest(xnnpack = "maybe"), BenchmarkRequest(runs = 0), BenchmarkRequest(runs = 1_000_000),
            BenchmarkRequest(mode = "fast"), BenchmarkRequest(mode = "paced", periodMillis = 0), BenchmarkRequest(periodMillis = 2000),
            BenchmarkRequest(mode = "sustained"), BenchmarkRequest(mode = "sustained", threads = "1", xnnpack = "on", sustainedSeconds = 0),
            BenchmarkRequest(warmUpMillis = 70_000), BenchmarkRequest(millis = -1), BenchmarkRequest(millis = Int.MAX_VALUE),
        )
        for (request in wrong) {
            val error = assertThrows(IllegalArgumentException::class.java) { request.plan(files) }
            assertTrue(error.message!!, error.message!!.startsWith("Expected"))
        }
    }
}
