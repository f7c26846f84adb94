package org.lrkeras.core.runtime

import kotlin.math.pow

/**
 * Keeps the likeliest sequences of each length; the same search as that of `lrkeras.Seq2SeqRunner`.
 *
 * In each step the [width] likeliest continuations of all sequences go on; of those, a sequence that ends is set aside.
 *
 * @property end The id that ends a sequence.
 * @property maxSteps The longest sequence, with its end.
 * @property lengthPenalty A power, from 0: the larger, the more a long sequence is preferred.
 */
class BeamSearch(private val end: Int, private val width: Int, private val maxSteps: Int, private val lengthPenalty: Double = 0.0) {
    init {
        require(width >= 1) { "Expected a width from 1, received $width." }
        require(maxSteps >= 1) { "Expected at least one step, received $maxSteps." }
        require(lengthPenalty >= 0) { "Expected a length penalty from 0, received $lengthPenalty." }
    }

    private class Beam<S>(val tokens: List<Int>, val total: Double, val states: S)

    private class Candidate(val row: Int, val token: Int, val total: Double)

    /**
     * Up to [width] sequences after [start], that of the largest score first.
     *
     * [advance] gives the log-probabilities of the next token after one, and the states after it.
     */
    fun <S> run(start: Int, states: S, advance: (Int, S) -> Pair<DoubleArray, S>): List<Hypothesis> {
        var live = listOf(Beam(emptyList(), 0.0, states))
        val done = ArrayList<Hypothesis>()
        for (length in 1..maxSteps) {
            val results = live.map { advance(it.tokens.lastOrNull() ?: start, it.states) }
            val kept = results.flatMapIndexed { row, (scores, _) -> scores.mapIndexed { token, score -> Candidate(row, token, live[row].total + score) } }
                .sortedByDescending { it.total }.take(width).filter { it.total > Double.NEGATIVE_INFINITY }
            val (ended, others) = kept.partition { it.token == end }
            val before = live
            done += ended.map { Hypothesis(before[it.row].tokens, it.total, it.total / penalty(length), true) }
            live = others.map { Beam(before[it.row].tokens + it.token, it.total, results[it.row].second) }
            if (live.isEmpty() || isDecided(done, live[0].total / penalty(maxSteps))) return best(done)
        }
        return best(done + live.map { Hypothesis(it.tokens, it.total, it.total / penalty(maxSteps), false) })
    }

    private fun penalty(length: Int) = length.toDouble().pow(lengthPenalty)

    private fun best(found: List<Hypothesis>) = found.sortedByDescending { it.score }.take(width)

    /** Whether no sequence that goes on can get among the best: each step makes it less likely. */
    private fun isDecided(done: List<Hypothesis>, bestToCome: Double) = done.size >= width && best(done).last().score >= bestToCome
}
