package org.lrkeras.core.runtime

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.lrkeras.core.model.ModelFileException
import kotlin.math.ln

class Seq2SeqRunnerTest {
    private val session = CountdownSession()
    private val runner = Seq2SeqRunner(session, padding = 0f)

    @Test
    fun greedyFeedsBackWhatIsLikeliest() {
        assertEquals(listOf(1, 1), runner.greedy(intArrayOf(1, 2), start = 0, end = 3, maxSteps = 9))
        assertEquals(listOf(0, 1, 1), session.fed)
        assertEquals(listOf(1), runner.greedy(intArrayOf(1, 2, 2), start = 0, end = 3, maxSteps = 1))
    }

    @Test
    fun beamsAreTheLikeliestSequences() {
        // One id: 1 and the end 0.7 * 0.9, 2 and the end 0.2 * 0.9, the end at once 0.1, 1 and 1 and the end 0.7 * 0.1 * 0.9.
        val found = runner.beamSearch(intArrayOf(1), start = 0, end = 3, width = 4, maxSteps = 3)
        assertEquals(listOf(listOf(1), listOf(2), listOf(), listOf(1, 1)), found.map { it.tokens })
        val expected = listOf(0.63, 0.18, 0.1, 0.063).map { ln(it) }.toDoubleArray()
        assertArrayEquals(expected, found.map { it.score }.toDoubleArray(), 1e-5)
        // Divided by their lengths, that of the end alone is the last but one of five.
        val long = runner.beamSearch(intArrayOf(1), start = 0, end = 3, width = 4, maxSteps = 3, lengthPenalty = 1.0)
        assertEquals(listOf(listOf(1), listOf(2), listOf(1, 1), listOf(2, 1)), long.map { it.tokens })
    }

    @Test
    fun aBeamOfOneIsGreedy() {
        for (source in listOf(intArrayOf(1), intArrayOf(1, 1), intArrayOf(2, 1, 1))) {
            assertEquals(runner.greedy(source, 0, 3, 5), runner.beamSearch(source, 0, 3, width = 1, maxSteps = 5).single().tokens)
        }
    }

    @Test
    fun scoresOfAllKindsGiveTheSameLogarithms() {
        val probabilities = floatArrayOf(0.5f, 0.25f, 0.25f)
        val expected = probabilities.map { ln(it.toDouble()) }.toDoubleArray()
        assertArrayEquals(expected, ScoreKind.PROBABILITIES.logProbabilities(probabilities), 1e-6)
        val logarithms = FloatArray(3) { ln(probabilities[it]) }
        assertArrayEquals(expected, ScoreKind.LOG_PROBABILITIES.logProbabilities(logarithms), 1e-6)
        assertArrayEquals(expected, ScoreKind.LOGITS.logProbabilities(FloatArray(3) { logarithms[it] + 7 }), 1e-6)
    }

    @Test
    fun saysWhatDoesNotFit() {
        assertThrows(ModelFileException::class.java) { Seq2SeqRunner(CountingSession()) }
        assertThrows(IllegalArgumentException::class.java) { runner.encode(intArrayOf(1, 2, 1, 2)) }
        assertThrows(IllegalArgumentException::class.java) { Seq2SeqRunner(session).encode(intArrayOf(1)) }
        assertThrows(ModelFileException::class.java) { runner.encode(floatArrayOf(1f)) }
        assertThrows(IllegalArgumentException::class.java) { runner.beamSearch(intArrayOf(1), 0, 3, width = 0, maxSteps = 2) }
    }
}
