package org.lrkeras.core.runtime

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Name, type and shape of an input or output of a signature. */
data class TensorSpec(val name: String, val type: TensorType, val shape: List<Int>) {
    /** How many elements it has. */
    val elements: Int get() = shape.fold(1) { product, side -> product * side }

    /** A buffer of zeros that the runtime can use without a copy. */
    fun newBuffer(): ByteBuffer = ByteBuffer.allocateDirect(elements * type.bytes).order(ByteOrder.nativeOrder())
}
