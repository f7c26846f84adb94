package org.lrkeras.core.runtime

/**
 * A sequence that a decoder may have meant.
 *
 * @property tokens Ids, without the one that ends a sequence.
 * @property logProbability The natural logarithm of its probability, that of the end included.
 * @property score That over its length to the power of the length penalty; the end counts, if it came.
 * @property isFinished Whether the end came before the last step.
 */
data class Hypothesis(val tokens: List<Int>, val logProbability: Double, val score: Double, val isFinished: Boolean)
