package org.lrkeras.demo.keyboard

/** The keys of a keyboard, row by row. */
class KeyLayout private constructor(val rows: List<List<Key>>) {
    companion object {
        private val SHIFT = Key("", action = KeyAction.SHIFT, width = 1.5f)
        private val DELETE = Key("", action = KeyAction.DELETE, width = 1.5f)
        private val SPACE = Key("", action = KeyAction.SPACE, width = 5f)
        private val ENTER = Key("", action = KeyAction.ENTER, width = 1.5f)
        private val TO_SYMBOLS = Key("", action = KeyAction.SYMBOLS, width = 1.5f)
        private val TO_LETTERS = Key("", action = KeyAction.LETTERS, width = 1.5f)
        private val TO_MORE = Key("", action = KeyAction.MORE_SYMBOLS, width = 1.5f)
        private val FULL_STOP = Key(".", listOf(",", "?", "!", ":", ";", "'", "\"", "-"))

        // Of each letter its accents in the languages of Latin script, and on the first row the digit above it.
        private val ACCENTS = mapOf(
            'a' to "àáâäæãåā", 'c' to "çćč", 'd' to "ďđð", 'e' to "èéêëēėę", 'g' to "ğģ", 'i' to "ìíîïīį", 'l' to "łļ",
            'n' to "ñńňņ", 'o' to "òóôöœõøō", 'r' to "řŕ", 's' to "ßśšş", 't' to "þťţ", 'u' to "ùúûüūů", 'y' to "ýÿ", 'z' to "žźż",
        )
        private const val DIGITS = "1234567890"

        private val FIRST = "qwertyuiop".mapIndexed { place, letter -> letter(letter, DIGITS[place]) }
        private val SECOND = "asdfghjkl".map { letter(it) }
        private val THIRD = "zxcvbnm".map { letter(it) }

        /** Letters, QWERTY. */
        val LETTERS = letters(",")

        /** Letters, and what a mail address needs. */
        val MAIL = letters("@")

        /** Letters, and what a web address needs. */
        val WEB = letters("/")

        /** Digits and the marks that are used most. */
        val SYMBOLS = KeyLayout(
            listOf(
                keys(DIGITS),
                keys("@#\$_&-+()/"),
                listOf(TO_MORE) + keys("*\"':;!?") + DELETE,
                listOf(TO_LETTERS, Key(","), SPACE, FULL_STOP, ENTER),
            ),
        )

        /** The other marks. */
        val MORE_SYMBOLS = KeyLayout(
            listOf(
                keys("~`|•√π÷×¶∆"),
                keys("£€¥¢^°={}\\"),
                listOf(TO_SYMBOLS) + keys("%©®™✓[]") + DELETE,
                listOf(TO_LETTERS, Key("<"), SPACE, Key(">"), ENTER),
            ),
        )

        /** Numbers, for fields that take nothing else. */
        val NUMBERS = pad(Key(".", listOf(",", ":")), "-", "+", "/")

        /** Numbers of telephones. */
        val PHONE = pad(Key("*", listOf(",", ";", "(", ")")), "-", "+", "#")

        private fun pad(first: Key, vararg last: String): KeyLayout {
            val digits = listOf("123", "456", "789").zip(last) { row, mark -> keys(row + mark) }
            return KeyLayout(digits.plusElement(listOf(first, Key("0"), DELETE.copy(width = 1f), ENTER.copy(width = 1f))))
        }

        private fun letters(mark: String) =
            KeyLayout(listOf(FIRST, SECOND, listOf(SHIFT) + THIRD + DELETE, listOf(TO_SYMBOLS, Key(mark), SPACE, FULL_STOP, ENTER)))

        private fun letter(letter: Char, digit: Char? = null) =
            Key(letter.toString(), listOfNotNull(digit?.toString()) + ACCENTS[letter].orEmpty().map { it.toString() })

        private fun keys(texts: String) = texts.map { Key(it.toString()) }
    }
}
