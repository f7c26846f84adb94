package org.lrkeras.core.speech

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.CountingSession
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.runtime.TensorSpec
import org.lrkeras.core.runtime.TensorType

class FrontEndTimerTest {
    private val session = CountingSession(input = TensorSpec("samples", TensorType.FLOAT32, listOf(1, 4)))
    private val runner = StepRunner(session)
    private val timer = FrontEndTimer(runner, 4)

    private fun card(rate: Int, samples: Int) =
        ModelCard("x", "x", ModelTask.FRONT_END, 1, JsonObject.parse("""{"sample_rate": $rate, "samples_per_step": $samples}""")) { "" }

    @Test
    fun hearsWhatTheModelHears() {
        assertNull(timer.mean)
        // 16384 of 32768 is 0.5; the sums are 0.5 and 1.5.
        repeat(2) { timer.step(ShortArray(4) { 16384 }) }
        assertEquals(1.5f, runner.buffer("y").getFloat(0))
        assertTrue(timer.mean!! > 0)
        assertEquals(2, session.runs)
        timer.reset()
        assertNull(timer.mean)
        timer.step(ShortArray(4) { 16384 })
        assertEquals(0.5f, runner.buffer("y").getFloat(0))
        assertThrows(IllegalArgumentException::class.java) { timer.step(ShortArray(3)) }
    }

    @Test
    fun fitsModelsOfTheSameSteps() {
        assertTrue(FrontEndTimer.fits(card(16_000, 320), card(16_000, 320)))
        assertFalse(FrontEndTimer.fits(card(16_000, 320), card(16_000, 160)))
        assertFalse(FrontEndTimer.fits(card(8_000, 320), card(16_000, 320)))
    }
}
