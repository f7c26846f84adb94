package org.lrkeras.core.runtime

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelFileException
import java.nio.ByteBuffer
import java.util.concurrent.Executors
import java.util.concurrent.TimeUnit

class StreamTest {
    /** The recurrence `sum' = 2 sum + x` of [CountingSession], by steps and by chunks of four and sixteen. */
    private class Chunks(private val counting: CountingSession = CountingSession(1), private val sizes: List<Int> = listOf(4, 16, 1)) : InferenceSession by counting {
        val calls = ArrayList<Int>()
        private var isBusy = false

        override val signatures = sizes.map { if (it == 1) "step" else "chunk_$it" }

        // The order of the states is that of each signature.
        override fun inputs(signature: String) = counting.inputs("step").map { if (it.name == "tokens") it.copy(shape = listOf(1, steps(signature))) else it }
            .let { if (steps(signature) == 4) it.reversed() else it }

        override fun outputs(signature: String) =
            counting.outputs("step").reversed().map { if (it.name == "y") it.copy(shape = listOf(1, steps(signature), 1)) else it }

        override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
            check(!isBusy)
            isBusy = true
            calls += steps(signature)
            var sum = inputs.getValue("sum").getFloat(0)
            for (step in 0 until steps(signature)) {
                sum = (2 * sum + inputs.getValue("tokens").getInt(4 * step)) % MODULUS
                outputs.getValue("y").putFloat(4 * step, sum)
            }
            outputs.getValue("sum").putFloat(0, sum)
            outputs.getValue("count").putInt(0, inputs.getValue("count").getInt(0) + steps(signature))
            isBusy = false
        }

        private fun steps(signature: String) = signature.substringAfter('_', "1").toInt()
    }

    private fun expected(tokens: IntArray): FloatArray {
        var sum = 0f
        return FloatArray(tokens.size) { sum = (2 * sum + tokens[it]) % MODULUS; sum }
    }

    private val tokens = IntArray(47) { (it * 7) % 11 }

    @Test
    fun aSequenceIsTakenInChunksAndSteps() {
        val session = Chunks()
        val model = StreamModel(session)
        assertEquals(listOf(16, 4, 1), model.callSteps)
        val stream = model.stream()
        assertArrayEquals(expected(tokens), stream.push(tokens), 0f)
        assertEquals(listOf(16, 16, 4, 4, 4, 1, 1, 1), session.calls)
        stream.reset()
        val parts = listOf(3, 0, 20, 24).runningFold(0 to 0) { (_, end), size -> end to end + size }.drop(1)
        val found = parts.flatMap { (begin, end) -> stream.push(tokens.copyOfRange(begin, end)).toList() }
        assertArrayEquals(expected(tokens), found.toFloatArray(), 0f)
    }

    @Test
    fun streamsOfOneModelKnowNothingOfOneAnother() {
        StreamModel(Chunks()).use { model ->
            val streams = List(8) { model.stream() }
            val pool = Executors.newFixedThreadPool(4)
            val results = streams.mapIndexed { number, stream ->
                pool.submit<FloatArray> { FloatArray(0) + (0 until 200).flatMap { stream.push(IntArray(1 + number) { it }).toList() } }
            }
            results.forEachIndexed { number, result ->
                val whole = (0 until 200).flatMap { (0..number).toList() }.toIntArray()
                assertArrayEquals("$number", expected(whole), result.get(60, TimeUnit.SECONDS), 0f)
            }
            pool.shutdown()
        }
    }

    @Test
    fun whatIsWrongIsSaid() {
        val model = StreamModel(Chunks(sizes = listOf(4)))
        val stream = model.stream()
        assertEquals(listOf(1, 1), listOf(stream.inputsPerStep, stream.outputsPerStep))
        fun refused(call: () -> Unit) = assertThrows(IllegalArgumentException::class.java) { call() }.message.orEmpty()
        assertTrue("multiple of 4 steps, received 3" in refused { stream.push(IntArray(3)) })
        assertTrue("received FLOAT32" in refused { stream.push(FloatArray(4)) })
        model.close()
        assertTrue("closed" in assertThrows(IllegalStateException::class.java) { stream.push(IntArray(4)) }.message.orEmpty())
        assertThrows(IllegalStateException::class.java) { model.stream() }
        val two = StreamModel(CountingSession(3)).stream()
        assertEquals(3, two.outputsPerStep)
        val none = object : InferenceSession by CountingSession() {
            override val signatures = listOf("sequence")
        }
        assertTrue("received [sequence]" in assertThrows(ModelFileException::class.java) { StreamModel(none) }.message.orEmpty())
    }

    @Test
    fun numbersThatAreNotFiniteAreRefusedBeforeTheFirstCall() {
        val session = object : InferenceSession by Chunks() {
            override fun inputs(signature: String) = Chunks().inputs(signature).map { if (it.name == "tokens") it.copy(type = TensorType.FLOAT32) else it }

            override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) = error("was called")
        }
        val stream = StreamModel(session).stream()
        for (value in listOf(Float.NaN, Float.POSITIVE_INFINITY, Float.NEGATIVE_INFINITY)) {
            val error = assertThrows(IllegalArgumentException::class.java) { stream.push(floatArrayOf(1f, 2f, value, value)) }
            assertEquals("Expected finite numbers, received $value at 2. The states are as they were before.", error.message)
        }
        assertThrows(IllegalStateException::class.java) { stream.push(floatArrayOf(1e30f)) }
    }

    private companion object {
        const val MODULUS = 1000f
    }
}
