package org.lrkeras.core.speech

/**
 * Prefix beam search without a language model (Hannun et al. 2014, arXiv 1408.2873, algorithm 1), in logarithms.
 *
 * Unlike [GreedyDecoder] it adds up the alignments that give the same labels. Of equal scores the shorter prefix wins,
 * then the one with lower outputs. Outputs of a probability below 1e-6 are left out: most are, in most steps.
 *
 * @param width How many prefixes are kept after each step.
 * @param probabilities Whether the model ends in a softmax, so that it gives probabilities instead of logits.
 */
class PrefixBeamDecoder(
    private val blank: Int,
    private val width: Int = 8,
    private val probabilities: Boolean = false,
) : CtcDecoder {
    /** Log probabilities of a prefix: of the alignments that end with the blank, and of the others. */
    private class Score(var blank: Double = NONE, var label: Double = NONE) {
        val total: Double get() = LogMath.add(blank, label)
    }

    private var beam: Map<List<Int>, Score> = start()

    /** The beam is searched from the best prefix on. */
    override fun outputs(): List<Int> = beam.keys.first()

    override fun accept(logits: FloatArray) {
        val log = if (probabilities) LogMath.logs(logits) else LogMath.softmax(logits)
        val next = HashMap<List<Int>, Score>()
        for ((prefix, score) in beam) {
            for (output in log.indices) if (log[output] > LEAST) extend(next, prefix, score, output, log[output])
        }
        beam = next.entries.sortedWith(ORDER).take(width).associate { it.key to it.value }
    }

    override fun reset() {
        beam = start()
    }

    private fun extend(next: HashMap<List<Int>, Score>, prefix: List<Int>, score: Score, output: Int, log: Double) {
        if (output == blank) {
            val same = next.getOrPut(prefix) { Score() }
            same.blank = LogMath.add(same.blank, score.total + log)
            return
        }
        val repeats = output == prefix.lastOrNull()
        val longer = next.getOrPut(prefix + output) { Score() }
        // The same label again makes a longer prefix only across a blank.
        longer.label = LogMath.add(longer.label, (if (repeats) score.blank else score.total) + log)
        if (repeats) {
            val same = next.getOrPut(prefix) { Score() }
            same.label = LogMath.add(same.label, score.label + log)
        }
    }

    private companion object {
        const val NONE = Double.NEGATIVE_INFINITY
        const val LEAST = -13.8
        val ORDER: Comparator<Map.Entry<List<Int>, Score>> =
            compareByDescending<Map.Entry<List<Int>, Score>> { it.value.total }.thenBy { it.key.size }.thenBy { it.key.joinToString() }

        fun start() = mapOf(emptyList<Int>() to Score(blank = 0.0))
    }
}
