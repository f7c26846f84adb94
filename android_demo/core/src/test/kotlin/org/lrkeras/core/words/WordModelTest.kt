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
    fun whatWasAskedForLastStaysKnown() {
        val contexts = listOf(intArrayOf(1, 2), intArrayOf(1, 2, 0), intArrayOf(1, 2, 0, 2))
        for (context in contexts) model.logits(context)
        // Words are deleted, one after the other, and others typed.
        for (context in contexts.reversed()) {
            assertArrayEquals(fresh(context), model.logits(context), 0f)
            assertEquals(0, model.lastSteps)
        }
        assertArrayEquals(fresh(intArrayOf(1, 2, 1)), model.logits(intArrayOf(1, 2, 1)), 0f)
        assertEquals(1, model.lastSteps)
        assertArrayEquals(fresh(contexts[2]), model.logits(contexts[2]), 0f)
        assertEquals(0, model.lastSteps)
        model.forget()
        assertArrayEquals(fresh(contexts[1]), model.logits(contexts[1]), 0f)
        assertEquals(3, model.lastSteps)
    }

    @Test
    fun sixteenContextsAreKept() {
        val first = intArrayOf(1, 2)
        model.logits(first)
        // Each is one token longer than the one before.
        for (length in 1..15) model.logits(IntArray(length) { 2 })
        model.logits(first)
        assertEquals(0, model.lastSteps)
        // The oldest now is the first of the fifteen, and buffers of those that go are used again.
        for (length in 16..31) assertArrayEquals(fresh(IntArray(length) { 2 }), model.logits(IntArray(length) { 2 }), 0f)
        assertArrayEquals(fresh(first), model.logits(first), 0f)
        assertEquals(2, model.lastSteps)
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
