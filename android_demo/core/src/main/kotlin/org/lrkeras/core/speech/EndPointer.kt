package org.lrkeras.core.speech

/** Tells when what was recognised is final: after [pause] blank steps (15 are 300 ms). */
class EndPointer(private val pause: Int = 15) {
    private var blanks = 0
    private var isOpen = false

    /** Takes whether a step was blank; true once for each pause after something was recognised. */
    fun accept(isBlank: Boolean): Boolean {
        if (!isBlank) {
            blanks = 0
            isOpen = true
            return false
        }
        blanks++
        val ends = isOpen && blanks == pause
        if (ends) isOpen = false
        return ends
    }

    /** Starts anew. */
    fun reset() {
        blanks = 0
        isOpen = false
    }
}
