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
        fun split(text: String) = TypedText.of(text).let { it.context.joinToString(" ") to it.prefix }
        assertEquals("<eos>" to "", split(""))
        assertEquals("<eos>" to "Hel", split("Hel"))
        assertEquals("<eos> i" to "don’", split("I don’"))
        assertEquals("<eos> hello" to "", split("hello "))
        assertEquals("<eos> at <num>" to "", split("at 10"))
        assertEquals("<eos> well ," to "", split("well,"))
        assertEquals("<eos> so" to "𐐀𐐨", split("so 𐐀𐐨"))
        assertEquals("<eos> bye <eos>" to "new", split("bye\r\nnew"))
        assertEquals("<eos> bye <eos>" to "", split("bye\n"))
        assertEquals("<eos> '" to "tis", split("'tis"))
    }

    @Test
    fun aLongTextIsCutInHops() {
        val words = List(100) { "w" + "abcdefghij"[it / 10] + "abcdefghij"[it % 10] }
        val tokens = listOf("<eos>") + words
        for ((length, start) in mapOf(10 to 0, 63 to 0, 64 to 32, 95 to 32, 96 to 64, 100 to 64)) {
            assertEquals(tokens.subList(start, length + 1), TypedText.of(words.take(length).joinToString(" ") + " ").context)
        }
        // Of ten thousand characters the last one to two thousand are read; those beyond the BMP count once.
        assertEquals("las", TypedText.of("word ".repeat(2000) + "las").prefix)
        assertEquals("\uD801\uDC28".repeat(2000), TypedText.of("\uD801\uDC28".repeat(10_000)).prefix)
    }
}
