package org.lrkeras.core.words

import java.text.Normalizer

/**
 * A text up to the cursor, taken apart as `lrkeras.tasks.keyboard.typed_text` does.
 *
 * @property context Tokens before the word that is being typed, `<eos>` first, at most 64.
 * @property prefix Letters and apostrophes of that word, a letter and its accent as one character; empty after anything else.
 * @property replaces How many characters (UTF-16 units) at the end of the text [prefix] was typed with.
 * @property standsAlone Whether [prefix] has nothing right before it but quotes or brackets that open, and no accent that was
 *   typed as a character of its own.
 * @property isInAddress Whether the cursor is inside a web or e-mail address.
 */
class TypedText private constructor(
    val context: List<String>,
    val prefix: String,
    val replaces: Int,
    val standsAlone: Boolean,
    val isInAddress: Boolean,
) {
    /** Whether the next word is the first one of a sentence. */
    val startsSentence: Boolean get() = context.last() in SENTENCE_ENDS

    companion object {
        internal val SENTENCE_ENDS = setOf(".", "!", "?", Tokenizer.END)
        private const val OPENING = "\"([{\u201c\u201e\u00ab"
        private val LINE_BREAK = Regex("\r\n?")

        // A model forgets, and a keystroke must not cost more in a long text. Cutting in hops leaves the beginning where
        // it is for most keystrokes, so that states can be kept from one to the next.
        private const val MOST_TOKENS = 64
        private const val TOKEN_HOP = 32
        private const val MOST_CHARACTERS = 2000
        private const val CHARACTER_HOP = 1000

        /** Takes [text] apart, which ends at the cursor. */
        fun of(text: String): TypedText {
            val end = tail(text.replace(LINE_BREAK, "\n"))
            val start = prefixStart(end)
            val tokens = listOf(Tokenizer.END) + Tokenizer.tokens(composed(end.substring(0, start)))
            val run = end.substring(runStart(end))
            val prefix = composed(end.substring(start))
            return TypedText(
                context = tokens.drop(hops(tokens.size - MOST_TOKENS, TOKEN_HOP)),
                prefix = prefix,
                replaces = end.length - start,
                standsAlone = prefix.isNotEmpty() && run.endsWith(prefix) && run.dropLast(prefix.length).all { it in OPENING },
                isInAddress = isAddress(run),
            )
        }

        private fun composed(text: String): String = Normalizer.normalize(text, Normalizer.Form.NFC)

        /** The end of a long text, from a blank on where there is one; lengths in code points, as in Python. */
        private fun tail(text: String): String {
            val over = text.codePointCount(0, text.length) - MOST_CHARACTERS
            if (over <= 0) return text
            val start = text.offsetByCodePoints(0, hops(over, CHARACTER_HOP))
            val blank = text.indexOf(' ', start)
            return text.substring(if (blank < 0) start else blank + 1)
        }

        /** The least multiple of [hop] that is not below [over], and not below zero. */
        private fun hops(over: Int, hop: Int) = if (over <= 0) 0 else (over + hop - 1) / hop * hop

        /** Where the trailing run of letters, their marks and apostrophes begins, at a letter. */
        private fun prefixStart(text: String): Int {
            var start = text.length
            while (start > 0) {
                val code = text.codePointBefore(start)
                if (!continuesWord(code)) break
                start -= Character.charCount(code)
            }
            while (start < text.length && !Characters.isLetter(text.codePointAt(start))) {
                start += Character.charCount(text.codePointAt(start))
            }
            return start
        }

        private fun continuesWord(code: Int) =
            Characters.isLetter(code) || Characters.isMark(code) || Characters.isApostrophe(code)

        /** Where the characters after the last blank begin. */
        private fun runStart(text: String): Int {
            var start = text.length
            while (start > 0 && !Characters.isBlank(text.codePointBefore(start))) {
                start -= Character.charCount(text.codePointBefore(start))
            }
            return start
        }

        /** Whether [run] has a scheme, `www.`, something before an `@`, or a dot right before a letter and after a letter or digit. */
        internal fun isAddress(run: String): Boolean =
            "://" in run || run.contains("www.", ignoreCase = true) || run.indexOf('@', startIndex = 1) > 0 ||
                run.indices.any { run[it] == '.' && isInsideName(run, it) }

        private fun isInsideName(run: String, dot: Int): Boolean {
            if (dot == 0 || dot == run.lastIndex) return false
            val before = run.codePointBefore(dot)
            return (Characters.isLetter(before) || Characters.isDigit(before)) && Characters.isLetter(run.codePointAt(dot + 1))
        }
    }
}
