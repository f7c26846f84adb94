package org.lrkeras.core.words

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.CountingSession
import org.lrkeras.core.runtime.StepRunner

class WordModelTest {
    private val session = CountingSession(width = 3)
    private val model = WordModel(StepRunner(session), WordVocabulary(listOf("<unk>", "<eos>", "a")))

    private fun fresh(context: IntArray) = WordModel(StepRunner(CountingSession(3)), model.vocabulary).logits(context).copyOf()

    @Test
    fun feedsNewTokensOnlyAndGivesTheSame() {
        val context = intArrayOf(1, 2, 0)
        assertArrayEquals(fresh(context), model.logits(context), 0f)
        // 1, 4, 8 in the state.
        assertArrayEquals(floatArrayOf(8f, 16f, 24f), model.logits(context), 0f)
        assertEquals(0, model.lastSteps)
        assertArrayEquals(fresh(context + 2), model.logits(context + 2), 0f)
        assertEquals(1, model.lastSteps)
        assertEquals(4, session.runs)
    }

    @Test
    fun startsAnewWhenTheTextChangesBefore() {
        model.logits(intArrayOf(1, 2, 2))
        for (context in listOf(intArrayOf(1, 0, 2), intArrayOf(1), intArrayOf(2))) {
            assertArrayEquals(fresh(context), model.logits(context), 0f)
            assertEquals(context.size, model.lastSteps)
        }
    }

    @Test
    fun sizesMustAgree() {
        val vocabulary = WordVocabulary(listOf("<unk>", "<eos>", "a", "b"))
        assertThrows(ModelFileException::class.java) { WordModel(StepRunner(CountingSession(3)), vocabulary) }
    }
}
