package org.lrkeras.core.speech

import org.lrkeras.core.json.JsonObject

/** Turns the outputs of a CTC model, step by step, into labels. */
interface CtcDecoder {
    /** Takes the logits of one step, one for each output. */
    fun accept(logits: FloatArray)

    /** The outputs recognised since the start, blanks and repetitions removed. */
    fun outputs(): List<Int>

    /** Starts anew. */
    fun reset()

    companion object {
        /**
         * The decoder for a file.
         *
         * @param details Its metadata entry `lrkeras`, in which `ctc` says which output is the blank and what the scores are.
         * @param width Of the beam; 1 takes the likeliest path.
         */
        fun of(details: JsonObject, width: Int = 1): CtcDecoder {
            val ctc = details.child("ctc")
            if (width == 1) return GreedyDecoder(ctc.int("blank"))
            return PrefixBeamDecoder(ctc.int("blank"), width, ctc["probabilities"] == true)
        }
    }
}
