package org.lrkeras.core.words

import java.util.Locale

/**
 * Cuts text into tokens, as the text that the models were trained on was cut.
 *
 * Lower-case words with inner apostrophes, `<num>` for a run of digits, `<eos>` for a line break, and every other
 * character that is no blank by itself.
 */
object Tokenizer {
    /** Stands for a word that a vocabulary does not have. */
    const val UNKNOWN = "<unk>"

    /** Stands for a line break, and begins a message. */
    const val END = "<eos>"

    /** Stands for a run of digits. */
    const val NUMBER = "<num>"

    /** The tokens of [text], unknown words as they are. */
    fun tokens(text: String): List<String> = written(normalized(text))

    /** The tokens of [plain], which has plain apostrophes, in the case they were written in. */
    internal fun written(plain: String): List<String> {
        val found = ArrayList<String>()
        var at = 0
        while (at < plain.length) {
            val code = plain.codePointAt(at)
            val end = when {
                Characters.isLetter(code) -> wordEnd(plain, at)
                Characters.isDigit(code) -> runEnd(plain, at, Characters::isDigit)
                else -> at + Character.charCount(code)
            }
            when {
                Characters.isDigit(code) -> found.add(NUMBER)
                code == '\n'.code -> found.add(END)
                !Characters.isBlank(code) -> found.add(plain.substring(at, end))
            }
            at = end
        }
        return found
    }

    /** [text] in lower case and with plain apostrophes. */
    fun normalized(text: String): String =
        text.replace(Characters.TYPOGRAPHIC_APOSTROPHE, Characters.APOSTROPHE).lowercase(Locale.ROOT)

    private fun wordEnd(text: String, start: Int): Int {
        var end = runEnd(text, start, Characters::isLetter)
        while (end + 1 < text.length && text[end] == Characters.APOSTROPHE && Characters.isLetter(text.codePointAt(end + 1))) {
            end = runEnd(text, end + 1, Characters::isLetter)
        }
        return end
    }

    private fun runEnd(text: String, start: Int, belongs: (Int) -> Boolean): Int {
        var end = start
        while (end < text.length && belongs(text.codePointAt(end))) end += Character.charCount(text.codePointAt(end))
        return end
    }
}
