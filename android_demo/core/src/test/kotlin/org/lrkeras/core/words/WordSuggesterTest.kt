package org.lrkeras.core.words

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test

class WordSuggesterTest {
    private val words = listOf(
        "<unk>", "<eos>", "<num>", ".", ",", "?", "!", "the", "i", "i'm", "don't", "done", "book", "bookings", "damn",
        "booked", "ill", "i'll", "$", "it's", "its", "école", "b",
    )

    /** Later words are likelier, but for those that a test names. */
    private val likeliest = ArrayList<String>()
    private var context = intArrayOf()

    private val vocabulary = WordVocabulary(words, listOf("damn"))
    private val suggester = WordSuggester(
        { ids ->
            context = ids
            FloatArray(words.size) { id -> if (words[id] in likeliest) 1000f - likeliest.indexOf(words[id]) else -id.toFloat() }
        },
        vocabulary,
    )

    private fun suggest(text: String, vararg likely: String): List<String> {
        likeliest.clear()
        likeliest += likely
        return suggester.suggest(text).map { it.text }
    }

    private fun ids(vararg tokens: String) = tokens.map { words.indexOf(it) }.toIntArray()

    @Test
    fun feedsTheTextBeforeTheWordThatIsTyped() {
        suggest("The zebra’s 12 bo")
        assertArrayEquals(ids("<eos>", "the", "<unk>", "<num>"), context)
        suggest("")
        assertArrayEquals(ids("<eos>"), context)
        suggest("done\n")
        assertArrayEquals(ids("<eos>", "done", "<eos>"), context)
    }

    @Test
    fun neverSuggestsSpecialBlockedOrOtherTokens() {
        assertEquals(listOf("the", "I", "I'm"), suggest("done, ", "<unk>", "<num>", "damn", "$", "<eos>", "the"))
    }

    @Test
    fun punctuationFollowsWordsOnly() {
        assertEquals(listOf("the", "I", "?"), suggest("done ", "?", "the", "!"))
        assertEquals(listOf("the", "done", "?"), suggest("done ", "the", "done", "?", "book"))
        assertEquals(listOf("the", "done", "book"), suggest("done ", "the", "done", "book", "?"))
        assertEquals(listOf("The", "I", "I'm"), suggest("", "?", "the", "!"))
        assertEquals(listOf("the", "I", "I'm"), suggest("done, ", "?", "the"))
        assertEquals(listOf("The", "I", "I'm"), suggest("done\n", "?", "the"))
        assertEquals(listOf("Done", "Don't"), suggest("Don", "?", "done"))
    }

    @Test
    fun punctuationTakesThePlaceOfTheBlank() {
        likeliest += "?"
        val after = suggester.suggest("done ").last()
        assertEquals(Suggestion("?", 1, isPunctuation = true), after)
        assertEquals("done? ", after.insertedInto("done "))
        assertEquals("the done ", Suggestion("done", 3).insertedInto("the don"))
    }

    @Test
    fun apostrophesDoNotCount() {
        assertEquals(listOf("don't"), suggest("i dont"))
        assertEquals(listOf("I'll", "ill"), suggest("the il", "i'll"))
        assertEquals(listOf("ill", "I'll"), suggest("the i'l", "ill"))
        assertEquals(listOf("its", "it's"), suggest("the it’s", "its", "it's"))
    }

    @Test
    fun tiesGoToTheLowerId() {
        val even = WordSuggester({ FloatArray(words.size) }, vocabulary)
        assertEquals(listOf("book", "bookings", "booked"), even.suggest("the boo").map { it.text })
    }

    @Test
    fun noWordIsInvented() {
        for (typed in listOf("the reboo", "the rebook", "tommorow", "don'th")) assertEquals(typed, emptyList<String>(), suggest(typed))
    }

    @Test
    fun nothingIsSuggestedInsideAnAddress() {
        val addresses = listOf("http://the", "see https://example.org/the", "www.", "WWW.boo", "(www.boo", "anna@boo", "anna@", "anna.boo")
        for (typed in addresses) {
            assertEquals(typed, emptyList<String>(), suggest(typed))
            assertEquals(typed, 3, suggest("$typed ").size)
        }
        for (typed in listOf("book...boo", "at 10.30boo", "the, boo", "and/boo", "@boo", "the? boo", "wwwboo boo")) {
            assertEquals(typed, listOf("book", "bookings", "booked"), suggest(typed).map { it.lowercase() })
        }
    }

    @Test
    fun accentsThatCombineBelongToTheirLetter() {
        assertEquals(listOf(Suggestion("école", 3)), suggester.suggest("the e\u0301c"))
        assertEquals(emptyList<Suggestion>(), suggester.suggest("ne\u0301t"))
        assertEquals(suggester.suggest("the \u00e9 t"), suggester.suggest("the e\u0301 t"))
        assertEquals(emptyList<Suggestion>(), suggester.suggest("x\u0304t"))
        // A variation selector belongs to the emoji before it.
        assertEquals(listOf(Suggestion("the", 2)), suggester.suggest("\u2764\ufe0fth"))
    }

    @Test
    fun aCountBelowOneIsRefused() {
        assertThrows(IllegalArgumentException::class.java) { WordSuggester({ FloatArray(words.size) }, vocabulary, 0) }
    }

    @Test
    fun caseFollowsWhatIsTyped() {
        assertEquals(listOf("DONE", "DON'T"), suggest("the DO", "done"))
        assertEquals(listOf("Done", "Don't"), suggest("the Do", "done"))
        assertEquals("Done", suggest("d", "done").first())
        assertEquals("Done", suggest("the? d", "done").first())
        assertEquals("done", suggest("the, d", "done").first())
        assertEquals("École", suggest("Éc").first())
        assertEquals(listOf("I", "I'm", "ill"), suggest("the i", "i", "i'm", "ill"))
    }
}
