package org.lrkeras.core.words

/**
 * Classes of characters as Python's regular expressions know them.
 *
 * Written out, since Java's `\w` takes marks and joiners in and Android's regular expressions know no flag for it: both
 * sides must cut the same text into the same tokens.
 */
internal object Characters {
    /** A character of a word, `[^\W\d_]`: a letter, or a number that is no decimal digit (such as a fraction). */
    fun isLetter(codePoint: Int): Boolean =
        Character.isLetter(codePoint) || Character.getType(codePoint).toByte().let {
            it == Character.LETTER_NUMBER || it == Character.OTHER_NUMBER
        }

    /** A decimal digit of any script, `\d`. */
    fun isDigit(codePoint: Int): Boolean = Character.isDigit(codePoint)

    /** A blank, `\s`. */
    fun isBlank(codePoint: Int): Boolean =
        Character.isWhitespace(codePoint) || Character.isSpaceChar(codePoint) || codePoint == NEXT_LINE

    /** A mark that combines with the character before it, such as an accent. */
    fun isMark(codePoint: Int): Boolean = when (Character.getType(codePoint).toByte()) {
        Character.NON_SPACING_MARK, Character.COMBINING_SPACING_MARK, Character.ENCLOSING_MARK -> true
        else -> false
    }

    /** The plain apostrophe or the typographic one. */
    fun isApostrophe(codePoint: Int): Boolean = codePoint == APOSTROPHE.code || codePoint == TYPOGRAPHIC_APOSTROPHE.code

    const val APOSTROPHE = '\''
    const val TYPOGRAPHIC_APOSTROPHE = '\u2019'
    private const val NEXT_LINE = 0x85
}
