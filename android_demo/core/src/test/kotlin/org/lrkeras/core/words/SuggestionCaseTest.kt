package org.lrkeras.core.words

import org.junit.Assert.assertEquals
import org.junit.Test

class SuggestionCaseTest {
    private fun applied(prefix: String, word: String, startsSentence: Boolean = false) = SuggestionCase(prefix, startsSentence).applied(word)

    @Test
    fun caseIsThatOfThePrefix() {
        assertEquals("door", applied("do", "door"))
        assertEquals("Door", applied("Do", "door"))
        assertEquals("Door", applied("D", "door"))
        assertEquals("DOOR", applied("DO", "door"))
        assertEquals("Don't", applied("D’", "don't"))
        assertEquals("DON'T", applied("DON’", "don't"))
        assertEquals("Door", applied("", "door", startsSentence = true))
        assertEquals("I've", applied("i", "i've"))
        assertEquals("ill", applied("i", "ill"))
        assertEquals("\uD801\uDC00a", applied("", "\uD801\uDC28a", startsSentence = true))
    }
}
