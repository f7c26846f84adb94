package org.lrkeras.core.words

import org.lrkeras.core.runtime.StepRunner
import java.nio.ByteBuffer

/**
 * The states after the contexts that were asked for last, so that deleting a word or moving the cursor does not
 * compute the text before it again. [KEPT] of them, some 50 KB each with a vocabulary of 10,000 words.
 *
 * @param runner The model whose states are kept.
 * @param width How many scores it gives.
 */
internal class KnownContexts(private val runner: StepRunner, private val width: Int) {
    /** A context, the states after it and the scores of the next token. */
    class Entry(val states: List<ByteBuffer>, val scores: FloatArray) {
        var tokens: IntArray = IntArray(0)
    }

    // The one that was asked for last at the end.
    private val entries = ArrayList<Entry>()

    /** The longest context that [tokens] begins with, or null. */
    fun longest(tokens: IntArray): Entry? {
        val found = entries.filter { begins(tokens, it.tokens) }.maxByOrNull { it.tokens.size } ?: return null
        entries.remove(found)
        entries.add(found)
        return found
    }

    /** Keeps the states that the model has now as those after [tokens]; the scores are the caller's to fill. */
    fun add(tokens: IntArray): Entry {
        // The buffers of the oldest one are used again.
        val entry = if (entries.size == KEPT) entries.removeAt(0) else Entry(runner.states.map { it.newBuffer() }, FloatArray(width))
        entry.tokens = tokens
        runner.copyStates(entry.states)
        entries.add(entry)
        return entry
    }

    /** Forgets everything. */
    fun clear() = entries.clear()

    private fun begins(tokens: IntArray, with: IntArray) = with.size <= tokens.size && with.indices.all { tokens[it] == with[it] }

    private companion object {
        const val KEPT = 16
    }
}
