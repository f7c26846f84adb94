package org.lrkeras.demo.keyboard

/** Shift: off, on for one letter, or locked. */
enum class ShiftState {
    OFF,
    ONCE,
    LOCKED,
    ;

    /** [text] as this shift types it. */
    fun applied(text: String): String = when {
        this == OFF -> text
        text == "ß" -> "ẞ"
        else -> text.uppercase(java.util.Locale.ROOT)
    }

    /** What a tap on shift makes of it; [isDouble] says that it came right after another one. */
    fun tapped(isDouble: Boolean): ShiftState = when {
        isDouble && this != LOCKED -> LOCKED
        this == OFF -> ONCE
        else -> OFF
    }
}
