package org.lrkeras.core.words

/**
 * One suggestion.
 *
 * @property text What is shown.
 * @property replaces How many characters (UTF-16 units) at the end of the text it takes the place of.
 * @property isPunctuation Whether it is a punctuation mark rather than a word.
 */
data class Suggestion(val text: String, val replaces: Int, val isPunctuation: Boolean = false) {
    /** [typed] with the suggestion in place and a blank behind it. */
    fun insertedInto(typed: String): String = typed.dropLast(replaces) + text + " "
}
