package org.lrkeras.core.words

/**
 * Text in a field: what stands before the word that is being typed, and the beginning of that word.
 *
 * @property context Everything before the prefix.
 * @property prefix The trailing run of letters and apostrophes, as typed; empty after anything else.
 */
class TypedText private constructor(val context: String, val prefix: String) {
    companion object {
        /** Splits [text], which ends at the cursor. */
        fun of(text: String): TypedText {
            var start = text.length
            while (start > 0) {
                val code = text.codePointBefore(start)
                if (!Characters.isLetter(code) && !Characters.isApostrophe(code)) break
                start -= Character.charCount(code)
            }
            return TypedText(text.substring(0, start), text.substring(start))
        }
    }
}
