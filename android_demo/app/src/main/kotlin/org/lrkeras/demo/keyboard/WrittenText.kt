package org.lrkeras.demo.keyboard

/** Tells what a person has written in a field, apart from what stood there before. */
class WrittenText {
    private var start = ""
    private var last = ""

    /** A field is opened, with [before] before the cursor. */
    fun open(before: String) {
        start = before
        last = before
    }

    /** The keyboard has typed; [before] stands before the cursor now. */
    fun onTyped(before: String) {
        last = before
    }

    /** The field has changed by itself; what was written, if it was sent off or thrown away as a whole, else null. */
    fun onChanged(before: String): String? = if (before.isEmpty() && last.isNotEmpty()) finish() else null

    /** What was written up to now, or null; from here on it is told no more. */
    fun finish(): String? {
        // Of a long text the beginning is not known, and so not whether it stood there before.
        val isKnown = last.startsWith(start) && last.length < MOST_KNOWN
        val written = if (isKnown) last.substring(start.length).trim() else ""
        open("")
        return written.ifEmpty { null }
    }

    private companion object {
        const val MOST_KNOWN = 1000
    }
}
