package org.lrkeras.core.runtime

import org.lrkeras.core.model.ModelFileException
import java.nio.ByteBuffer

/**
 * Runs a signature one call after the other and carries its states.
 *
 * A state is a tensor that the signature has under the same name as an input and as an output; nothing else about the
 * file needs to be known. Each state has two buffers, which change places after every call: what came out goes back in
 * without a copy, and a call allocates nothing here.
 *
 * @property session The loaded model; [close] closes it.
 */
class StepRunner(private val session: InferenceSession, private val signature: String = STEP) : AutoCloseable {
    /** Inputs that the caller fills. */
    val inputs: List<TensorSpec>

    /** Outputs that the caller reads. */
    val outputs: List<TensorSpec>

    /** What is carried from one call to the next. */
    val states: List<TensorSpec>

    private val buffers: Map<String, ByteBuffer>
    private val feeds: List<Map<String, ByteBuffer>>
    private val fetches: List<Map<String, ByteBuffer>>
    private var turn = 0

    init {
        if (signature !in session.signatures) {
            throw ModelFileException("Expected the signature \"$signature\", received ${session.signatures}.")
        }
        val into = session.inputs(signature)
        val from = session.outputs(signature).associateBy { it.name }
        states = into.filter { it.name in from }
        states.forEach { require(from.getValue(it.name) == it) { "Expected the state $it to come out as it goes in, received ${from[it.name]}." } }
        inputs = into - states.toSet()
        outputs = (from.values - states.toSet()).toList()
        buffers = (inputs + outputs).associate { it.name to it.newBuffer() }
        val pairs = states.map { state -> List(2) { state.newBuffer() } }
        feeds = List(2) { turn -> named(inputs) + states.zip(pairs).associate { (state, pair) -> state.name to pair[turn] } }
        fetches = List(2) { turn -> named(outputs) + states.zip(pairs).associate { (state, pair) -> state.name to pair[1 - turn] } }
    }

    /** The buffer of an input or output, in native byte order; its contents stay the caller's between calls. */
    fun buffer(name: String): ByteBuffer = buffers[name]
        ?: throw ModelFileException("Expected one of the tensors ${buffers.keys}, received \"$name\".")

    /** Sets every state to zeros, as at the start of a sequence. */
    fun reset() {
        for (state in states) {
            val buffer = feeds[turn].getValue(state.name)
            for (place in 0 until buffer.capacity()) buffer.put(place, 0)
        }
    }

    /** Copies the states that the next call gets into [kept], a buffer for each of [states]. */
    fun copyStates(kept: List<ByteBuffer>) = states.zip(kept).forEach { (state, to) -> copy(feeds[turn].getValue(state.name), to) }

    /** Puts states that [copyStates] kept back in place. */
    fun restoreStates(kept: List<ByteBuffer>) = states.zip(kept).forEach { (state, from) -> copy(from, feeds[turn].getValue(state.name)) }

    /** Runs the signature on what is in the input buffers and keeps the new states. */
    fun run() {
        val feed = feeds[turn]
        val fetch = fetches[turn]
        for (buffer in feed.values) buffer.rewind()
        for (buffer in fetch.values) buffer.rewind()
        session.run(signature, feed, fetch)
        turn = 1 - turn
    }

    override fun close() = session.close()

    private fun copy(from: ByteBuffer, to: ByteBuffer) {
        from.rewind()
        to.rewind()
        to.put(from)
    }

    private fun named(specs: List<TensorSpec>) = specs.associate { it.name to buffers.getValue(it.name) }

    companion object {
        /** The signature of one time step. */
        const val STEP = "step"
    }
}
