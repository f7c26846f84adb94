package org.lrkeras.core.speech

import kotlin.math.exp
import kotlin.math.ln
import kotlin.math.ln1p

/** Sums of probabilities that are given by their logarithms. */
internal object LogMath {
    /** `log(exp(a) + exp(b))` without overflow. */
    fun add(a: Double, b: Double): Double {
        val high = maxOf(a, b)
        return if (high == Double.NEGATIVE_INFINITY) high else high + ln1p(exp(minOf(a, b) - high))
    }

    /** Logarithms of [probabilities]. */
    fun logs(probabilities: FloatArray) = DoubleArray(probabilities.size) { ln(probabilities[it].toDouble()) }

    /** Logarithms of the softmax of [logits]. */
    fun softmax(logits: FloatArray): DoubleArray {
        val high = logits.maxOf { it.toDouble() }
        val sum = high + ln(logits.sumOf { exp(it - high) })
        return DoubleArray(logits.size) { logits[it] - sum }
    }
}
