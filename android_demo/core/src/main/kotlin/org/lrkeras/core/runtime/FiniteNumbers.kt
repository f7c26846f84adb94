package org.lrkeras.core.runtime

/**
 * Refuses NaN and infinities before they reach a state, where a NaN stays until a reset; kernels with weights of 8 bits make ordinary
 * numbers of them, and nobody would see it.
 */
internal fun requireFinite(values: FloatArray) {
    val place = values.indexOfFirst { !it.isFinite() }
    require(place < 0) { "Expected finite numbers, received ${values[place]} at $place. The states are as they were before." }
}
