package org.lrkeras.demo.runtime

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.runtime.Stream
import org.lrkeras.core.runtime.StreamModel
import org.lrkeras.demo.Demo
import org.lrkeras.lite.LiteRuntime
import java.io.File
import java.nio.ByteBuffer
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit

/**
 * The engine for long and many, on the native library: memory stays flat, states are those of a fresh runner bit for bit.
 *
 * A little of it always; `-Ddemo.long=true` makes a million steps, 64 streams of 10,000 each, and opens 10,000 models.
 */
class LongRunTest {
    private val isWhole = System.getProperty("demo.long") == "true"
    private val runtime = LiteRuntime()
    private val bytes = Demo.testModels().single { it.name == "word_prediction_tiny.tflite" }.readBytes()

    private fun open() = runtime.open(Demo.buffer(bytes), SessionOptions())

    private fun token(step: Int) = step % 97 * 7919 % 97 + 1

    private fun StepRunner.step(token: Int) {
        buffer("tokens").putInt(0, token)
        run()
    }

    private fun StepRunner.states(): List<ByteBuffer> = states.map { it.newBuffer() }.also { copyStates(it) }.onEach { it.rewind() }

    @Test
    fun aLongSequenceLeavesNothingBehind() {
        StepRunner(open()).use { runner ->
            watched("steps", if (isWhole) 1_000_000 else 5_000) { runner.step(token(it)) }
            runner.reset()
            StepRunner(open()).use { fresh ->
                repeat(500) {
                    runner.step(token(it))
                    fresh.step(token(it))
                }
                assertEquals(fresh.states(), runner.states())
            }
        }
    }

    @Test
    fun manyStreamsFromSeveralThreadsAreEachAsIfAlone() {
        val steps = if (isWhole) 10_000 else 50
        StreamModel(open()).use { model ->
            val streams = List(STREAMS) { model.stream() }
            val pool = Executors.newFixedThreadPool(THREADS)
            val fed = (0 until THREADS).map { first ->
                pool.submit { for (step in 0 until steps) for (number in first until STREAMS step THREADS) streams[number].feed(step + number) }
            }
            fed.forEach { it.get(1, TimeUnit.HOURS) }
            pool.shutdown()
            for (number in 0 until STREAMS step 13) {
                StreamModel(open()).use { alone ->
                    val stream = alone.stream()
                    repeat(steps) { stream.feed(it + number) }
                    assertArrayEquals("$number", stream.feed(0), streams[number].feed(0), 0f)
                }
            }
        }
    }

    @Test
    fun modelsAreOpenedAndClosedAgainAndAgain() = watched("models", if (isWhole) 10_000 else 30) { StepRunner(open()).use { it.step(1) } }

    private fun Stream.feed(step: Int) = push(intArrayOf(token(step)))

    /** Does it [count] times; what the process holds may grow by a twentieth in the second half: the first fills the JVM's young generation. */
    private fun watched(what: String, count: Int, one: (Int) -> Unit) {
        val begin = System.nanoTime()
        var before = 0L
        for (number in 0 until count) {
            one(number)
            if (number == count / 2) before = residentBytes()
            // Direct buffers go with the garbage, of which these small objects never make enough by themselves.
            if (number % (count / 200 + 1) == 0) System.gc()
        }
        val after = residentBytes()
        println("LongRunTest: $count $what in ${(System.nanoTime() - begin) / 1_000_000} ms, resident $before then $after bytes")
        assertTrue("$what: $before bytes after half, $after at the end", after <= before * 1.05 || !isWhole)
    }

    private fun residentBytes(): Long {
        // Direct buffers are freed by a thread of their own, behind the collection that finds them.
        repeat(3) {
            System.gc()
            Thread.sleep(200)
        }
        return File("/proc/self/statm").readText().split(' ')[1].toLong() * PAGE
    }

    private companion object {
        const val STREAMS = 64
        const val THREADS = 4
        const val PAGE = 4096
    }
}
