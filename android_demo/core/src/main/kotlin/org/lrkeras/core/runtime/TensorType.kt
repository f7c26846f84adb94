package org.lrkeras.core.runtime

/** Type of the elements of a tensor and how many [bytes] one takes. */
enum class TensorType(val bytes: Int) {
    FLOAT32(4),
    INT32(4),
    INT8(1),
}
