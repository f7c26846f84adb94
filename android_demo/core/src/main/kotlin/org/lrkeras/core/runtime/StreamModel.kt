package org.lrkeras.core.runtime

import org.lrkeras.core.model.ModelFileException

/**
 * A loaded step file with as many streams as are wanted: each is a sequence with states of its own.
 *
 * Streams may be fed from different threads; they take turns, so that threads do not make them faster. Closing the model
 * ends all of them.
 *
 * @param session What the runtime loaded; [close] closes it.
 */
class StreamModel(private val session: InferenceSession) : AutoCloseable {
    /** Numbers of steps that one call can take, largest first: those of the signatures `chunk_N`, and 1 for `step`. */
    val callSteps: List<Int>

    private var isClosed = false

    init {
        val chunks = session.signatures.mapNotNull { it.removePrefix(CHUNK).toIntOrNull().takeIf { _ -> it.startsWith(CHUNK) } }
        callSteps = (chunks + listOfNotNull(1.takeIf { StepRunner.STEP in session.signatures })).sortedDescending()
        if (callSteps.isEmpty()) {
            throw ModelFileException("Expected the signature \"${StepRunner.STEP}\" or \"${CHUNK}N\", received ${session.signatures}.")
        }
    }

    /** A sequence that starts with states of zeros. */
    fun stream(): Stream {
        checkOpen()
        return Stream(this, callSteps.associateWith { StepRunner(session, signature(it)) })
    }

    override fun close() = synchronized(this) {
        isClosed = true
        session.close()
    }

    /** One at a time, of all streams. */
    internal fun <T> inTurn(call: () -> T): T = synchronized(this) {
        checkOpen()
        call()
    }

    private fun checkOpen() = check(!isClosed) { "Expected an open model, received one that was closed." }

    private fun signature(steps: Int) = if (steps == 1) StepRunner.STEP else "$CHUNK$steps"

    private companion object {
        const val CHUNK = "chunk_"
    }
}
