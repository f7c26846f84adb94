package org.lrkeras.core.runtime

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelFileException

class StepRunnerTest {
    private fun StepRunner.step(x: Int): Float {
        buffer("tokens").putInt(0, x)
        run()
        return buffer("y").getFloat(4)
    }

    @Test
    fun carriesStatesFromStepToStep() {
        val session = CountingSession()
        val runner = StepRunner(session)
        assertEquals(listOf("tokens"), runner.inputs.map { it.name })
        assertEquals(listOf("y"), runner.outputs.map { it.name })
        assertEquals(setOf("sum", "count"), runner.states.map { it.name }.toSet())
        // Sums 1, 4, 11, 26 and twice that.
        assertEquals(listOf(2f, 8f, 22f, 52f), listOf(1, 2, 3, 4).map { runner.step(it) })
        runner.reset()
        assertEquals(10f, runner.step(5))
        runner.step(1)
        runner.reset()
        assertEquals(10f, runner.step(5))
        runner.close()
        assertTrue(session.isClosed)
    }

    @Test
    fun saysWhatAFileLacks() {
        assertThrows(ModelFileException::class.java) { StepRunner(CountingSession(), "chunk_4") }
        assertThrows(ModelFileException::class.java) { StepRunner(CountingSession()).buffer("samples") }
    }
}
