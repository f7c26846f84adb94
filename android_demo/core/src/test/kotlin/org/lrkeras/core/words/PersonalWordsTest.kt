package org.lrkeras.core.words

import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.Goldens

class PersonalWordsTest {
    private val words = PersonalWords()

    @Test
    fun wordsStayAsTheyWereWritten() {
        words.learn("Makan with Priya, liao!\nLiao. see Priya's mum at makan.sg or priya@work.sg 12x a_bc")
        assertTrue(words.contains("PRIYA"))
        assertTrue(words.contains("priya’s"))
        for (other in listOf("sg", "x", "12", "work", "pri", "bc")) assertFalse(other, words.contains(other))
        assertEquals(listOf("Priya's", "Priya"), words.beginningWith("pri"))
        assertEquals(listOf("liao"), words.beginningWith("LI"))
        words.clear()
        assertFalse(words.contains("liao"))
        assertEquals(emptyList<String>(), words.beginningWith(""))
    }

    @Test
    fun theOldestAreForgotten() {
        val few = PersonalWords(limit = 2)
        few.learn("one two one three")
        assertEquals(listOf("one", "three"), few.beginningWith(""))
        assertEquals("two pairs", 2, few.export().lines().count { it.startsWith("pair") })
    }

    @Test
    fun whatIsExportedIsReadAgain() {
        words.learn("Can lah, Priya can.\ncan’t lah")
        val text = words.export()
        assertEquals("lrkeras personal words, version 1: 4 words, 6 pairs", text.lines().first())
        assertTrue(text, "word\tlah\t2\n" in text && "pair\t<eos>\tcan\t1\n" in text)
        assertEquals(text, PersonalWords.read(text).export())
        assertEquals(2, PersonalWords.read(text, limit = 2).beginningWith("").size)
    }

    @Test
    fun learnsWhatPythonLearns() {
        for (golden in (Goldens.json("personal_words.json") as List<*>).map { it as Map<*, *> }) {
            val limit = (golden["limit"] as Long).toInt()
            val learned = PersonalWords(limit)
            for (text in golden["texts"] as List<*>) learned.learn(text as String)
            assertEquals(golden["export"], learned.export())
            assertEquals(golden["export"], PersonalWords.read(learned.export(), limit).export())
        }
    }

    @Test
    fun damagedTextIsRefused() {
        words.learn("can lah can lah")
        val text = words.export()
        val damaged = listOf(
            "", "hello", text.dropLast(9), text.replace("\t2", "\t0"), text.replace("word\tlah", "word\tla h"), text + "word\tnew\t1\n",
            text.replace("word\tlah", "word\tcan"), text.replace("version 1", "version 2"), text.replace("\t", " "),
        )
        for (one in damaged) {
            val error = assertThrows(one, IllegalArgumentException::class.java) { PersonalWords.read(one) }
            assertTrue(error.message!!, error.message!!.startsWith("Expected personal words as they were exported"))
        }
    }
}
