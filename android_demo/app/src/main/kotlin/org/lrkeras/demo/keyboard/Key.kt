package org.lrkeras.demo.keyboard

/** What a key does that does not type its own text. */
enum class KeyAction { SHIFT, DELETE, ENTER, SPACE, LETTERS, SYMBOLS, MORE_SYMBOLS }

/**
 * A key.
 *
 * @property text What it types and shows; empty where [action] says what it does.
 * @property more What a long press offers, the likeliest first.
 * @property width Its share of the row beside others.
 */
data class Key(val text: String, val more: List<String> = emptyList(), val action: KeyAction? = null, val width: Float = 1f) {
    /** Whether shift changes it. */
    val isLetter: Boolean get() = text.length == 1 && text[0].isLetter()
}
