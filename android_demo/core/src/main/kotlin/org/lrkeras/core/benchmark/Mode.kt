package org.lrkeras.core.benchmark

/** How runs follow one another; [id] is the name in reports. */
enum class Mode(val id: String) {
    /** One after the other, for a second or so: what a keystroke or the end of a word waits for. */
    BURST("burst"),

    /** One every so often, with the thread asleep in between, as audio does: clocks fall, and caches go to others. */
    PACED("paced"),

    /** One after the other for minutes: what is left once the phone is warm. */
    SUSTAINED("sustained"),
    ;

    companion object {
        /** The mode of this name; IllegalArgumentException names all. */
        fun of(id: String): Mode =
            requireNotNull(values().firstOrNull { it.id == id }) { "Expected a mode of ${values().map { it.id }}, received \"$id\"." }
    }
}
