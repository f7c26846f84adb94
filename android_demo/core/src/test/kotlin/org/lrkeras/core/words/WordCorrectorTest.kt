package org.lrkeras.core.words

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Test

class WordCorrectorTest {
    private val words = listOf("<unk>", "<eos>", "<num>", ".", "the", "them", "don't", "tomorrow", "damn", "restaurant", "i'm", "café")
    private val vocabulary = WordVocabulary(words, listOf("damn"))
    private val personal = PersonalWords()
    private val corrector = WordCorrector({ FloatArray(words.size) }, vocabulary, personal)

    private fun corrected(text: String) = corrector.correct(text)?.replacement

    @Test
    fun errorsOfFingersAreCorrected() {
        val cases = mapOf(
            "see you tommorow" to "tomorrow", "see you tomorroe" to "tomorrow", "(restuarant" to "restaurant", "dont" to "don't", "don’r" to "don't",
            "Restaurnat" to "Restaurant", "i im" to "I'm", "the cafe" to "café", "restaurantt" to "restaurant",
        )
        for ((typed, expected) in cases) assertEquals(typed, expected, corrected(typed))
        assertEquals("tommorow", corrector.correct("see you tommorow")!!.typed)
    }

    @Test
    fun whatMayBeRightIsLeftAlone() {
        val texts = listOf(
            "", "the", "damn", "dawn", "TOMMOROW", "toMmorow", "tommorow ", "tommorow2", "2tommorow", "a_tommorow", "tommorow.com", "anna@tommorow",
            "the Tommorow", "tommorow's'", "tomorrow's", "томмороу", "restaurante\u0301", "réstaurant", "xyzzy", "te", "'themm",
        )
        for (text in texts) assertNull(text, corrected(text))
        val german = WordVocabulary(listOf("<unk>", "<eos>", "ein", "frau", "laufen"), spellings = listOf("Frau"))
        val nouns = WordCorrector({ FloatArray(5) }, german)
        assertEquals(listOf("Frau", "Frau", null), listOf("ein frua", "ein Frua", "ein Laufne").map { nouns.correct(it)?.replacement })
        assertEquals("Frau", WordSuggester({ FloatArray(5) }, german).suggest("ein f").single().text)
        personal.learn("Tommorow")
        assertNull(corrected("see you tommorow"))
    }
}
