package org.lrkeras.core.words

import java.util.Locale

/** Gives a suggested word the case that the text asks for. */
internal class SuggestionCase(prefix: String, private val startsSentence: Boolean) {
    private val letters = WordVocabulary.withoutApostrophes(prefix.replace(Characters.TYPOGRAPHIC_APOSTROPHE, Characters.APOSTROPHE))
    private val isAllUpper = letters.length >= 2 && letters == letters.uppercase(Locale.ROOT) && letters != letters.lowercase(Locale.ROOT)
    private val beginsUpper = prefix.isNotEmpty() && Character.isUpperCase(prefix.codePointAt(0))

    /** [word], which is in lower case, as it is shown. */
    fun applied(word: String): String = when {
        isAllUpper -> word.uppercase(Locale.ROOT)
        beginsUpper || startsSentence || word in ALWAYS_UPPER -> capitalized(word)
        else -> word
    }

    private fun capitalized(word: String): String {
        val first = Character.charCount(word.codePointAt(0))
        return word.substring(0, first).uppercase(Locale.ROOT) + word.substring(first)
    }

    private companion object {
        val ALWAYS_UPPER = setOf("i", "i'm", "i'll", "i've", "i'd")
    }
}
