package org.lrkeras.core.speech

/** The likeliest output of each step, repetitions merged and blanks dropped. */
class GreedyDecoder(private val blank: Int) : CtcDecoder {
    private val found = ArrayList<Int>()
    private var previous = blank

    /** The likeliest output of the last step. */
    val current: Int get() = previous

    override fun accept(logits: FloatArray) {
        var best = 0
        for (output in 1 until logits.size) if (logits[output] > logits[best]) best = output
        if (best != blank && best != previous) found.add(best)
        previous = best
    }

    override fun outputs(): List<Int> = found.toList()

    override fun reset() {
        found.clear()
        previous = blank
    }
}
