package org.lrkeras.core.runtime

import kotlin.math.exp
import kotlin.math.ln

/** What a decoder gives for each token; [id] is its name in the metadata of a file. */
enum class ScoreKind(val id: String) {
    LOGITS("logits"),
    PROBABILITIES("probabilities"),
    LOG_PROBABILITIES("log_probabilities");

    /** The natural logarithms of the probabilities that [scores] stand for. */
    fun logProbabilities(scores: FloatArray): DoubleArray = when (this) {
        LOG_PROBABILITIES -> DoubleArray(scores.size) { scores[it].toDouble() }
        PROBABILITIES -> DoubleArray(scores.size) { ln(maxOf(scores[it], 0f).toDouble()) }
        LOGITS -> {
            val largest = scores.maxOrNull()!!.toDouble()
            val sum = ln(scores.sumOf { exp(it - largest) })
            DoubleArray(scores.size) { scores[it] - largest - sum }
        }
    }
}
