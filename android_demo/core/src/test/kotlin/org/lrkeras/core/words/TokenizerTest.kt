package org.lrkeras.core.words

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.Goldens

class TokenizerTest {
    @Test
    fun cutsTextsAsPythonDoes() {
        val goldens = Goldens.json("tokens.json") as List<*>
        assertTrue(goldens.size > 10)
        for (golden in goldens.filterIsInstance<Map<*, *>>()) {
            assertEquals(golden["tokens"], Tokenizer.tokens(golden["text"] as String))
        }
    }

    @Test
    fun splitsWhatIsTypedFromWhatStandsBefore() {
        fun split(text: String) = TypedText.of(text).let { it.context to it.prefix }
        assertEquals("" to "", split(""))
        assertEquals("" to "hel", split("hel"))
        assertEquals("i " to "don’t", split("i don’t"))
        assertEquals("hello " to "", split("hello "))
        assertEquals("at 10" to "", split("at 10"))
        assertEquals("well," to "", split("well,"))
        assertEquals("so " to "𐐀𐐨", split("so 𐐀𐐨"))
        assertEquals("a\n" to "b", split("a\nb"))
    }
}
