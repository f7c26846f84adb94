package org.lrkeras.core.runtime

import java.nio.ByteBuffer

/** A loaded model. Not for several threads at once. */
interface InferenceSession : AutoCloseable {
    /** Names of the signatures. */
    val signatures: List<String>

    /** Inputs of a signature, states included. */
    fun inputs(signature: String): List<TensorSpec>

    /** Outputs of a signature, states included. */
    fun outputs(signature: String): List<TensorSpec>

    /** Runs a signature on direct buffers, one for every input and output, positions at zero. */
    fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>)

    /** Frees what the runtime holds; a second call does nothing. */
    override fun close()
}
