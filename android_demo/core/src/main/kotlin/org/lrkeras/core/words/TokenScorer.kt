package org.lrkeras.core.words

/** Scores every token of a vocabulary as the next one. */
fun interface TokenScorer {
    /**
     * Logits of the token after [context] (ids, from the start of the message), one for each token of the vocabulary.
     *
     * The array is the scorer's own and changes with the next call.
     */
    fun logits(context: IntArray): FloatArray
}
