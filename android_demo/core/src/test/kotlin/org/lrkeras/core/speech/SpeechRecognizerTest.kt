package org.lrkeras.core.speech

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.runtime.TensorSpec
import org.lrkeras.core.runtime.TensorType
import java.nio.ByteBuffer

class SpeechRecognizerTest {
    /** Says the output that the first sample of a hop names, in steps of a sixteenth of full scale. */
    private class Parrot : InferenceSession {
        override val signatures = listOf("step")

        override fun inputs(signature: String) = listOf(TensorSpec("samples", TensorType.FLOAT32, listOf(1, 4)))

        override fun outputs(signature: String) = listOf(TensorSpec("logits", TensorType.FLOAT32, listOf(1, 1, 3)))

        override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
            val named = (inputs.getValue("samples").getFloat(0) * 16).toInt()
            for (output in 0 until 3) outputs.getValue("logits").putFloat(4 * output, if (output == named) 9f else 0f)
        }

        override fun close() = Unit
    }

    private val recognizer = SpeechRecognizer(StepRunner(Parrot()), SpeechLabels(listOf("go", "stop"), blank = 0), 4, 200)

    private fun say(output: Int) = recognizer.accept(ShortArray(4) { (output * 2048).toShort() })

    @Test
    fun wordsAppearAndStay() {
        assertEquals(Recognition("", isNew = false), say(0))
        assertEquals(Recognition("go", isNew = true), say(1))
        assertEquals(Recognition("go", isNew = false), say(1))
        repeat(20) { assertEquals("go", say(0).text) }
        assertEquals(Recognition("go stop", isNew = true), say(2))
        repeat(20) { say(0) }
        assertEquals("go stop stop", say(2).text)
        // 45 hops of 20 ms.
        assertEquals(45, recognizer.timing.steps)
        assertEquals(900_000_000L, recognizer.timing.audio)
        assertTrue(recognizer.timing.realTimeFactor > 0)
        recognizer.reset()
        assertEquals(Recognition("", isNew = false), say(0))
    }

    @Test
    fun aBiasOfTheBlankHearsLess() {
        val labels = SpeechLabels(listOf("go", "stop"), blank = 0)

        // A word has 9 where the blank has 0.
        fun heard(bias: Float) =
            SpeechRecognizer(StepRunner(Parrot()), labels, 4, 200, blankBias = bias).accept(ShortArray(4) { 2048 }).text

        assertEquals("go", heard(8.5f))
        assertEquals("", heard(9.5f))
        assertThrows(IllegalArgumentException::class.java) { heard(Float.NaN) }
    }

    @Test
    fun sizesMustAgree() {
        assertThrows(ModelFileException::class.java) { SpeechRecognizer(StepRunner(Parrot()), SpeechLabels(listOf("go"), 0), 4, 200) }
        assertThrows(ModelFileException::class.java) { SpeechRecognizer(StepRunner(Parrot()), SpeechLabels(listOf("go", "stop"), 0), 5, 200) }
        assertThrows(IllegalArgumentException::class.java) { recognizer.accept(ShortArray(3)) }
    }

    @Test
    fun loudnessIsInDecibels() {
        assertEquals(LevelMeter.SILENCE, LevelMeter.decibels(ShortArray(100)), 0.0)
        // Half of full scale: 20 log10(0.5).
        assertEquals(-6.0206, LevelMeter.decibels(ShortArray(100) { if (it % 2 == 0) 16384 else -16384 }), 1e-4)
        assertEquals(0.0, LevelMeter.decibels(ShortArray(10) { Short.MIN_VALUE }), 0.0)
    }
}
