package org.lrkeras.core.speech

/** Turns the outputs of a CTC model, step by step, into labels. */
interface CtcDecoder {
    /** Takes the logits of one step, one for each output. */
    fun accept(logits: FloatArray)

    /** The outputs recognised since the start, blanks and repetitions removed. */
    fun outputs(): List<Int>

    /** Starts anew. */
    fun reset()
}
