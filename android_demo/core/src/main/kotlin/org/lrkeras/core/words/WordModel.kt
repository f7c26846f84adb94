package org.lrkeras.core.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.StepRunner

/**
 * A word model of which only new tokens are computed.
 *
 * Typing letters of a word asks again for the logits of the same context, which are kept; a finished word adds one
 * step. The contexts that were asked for last stay known, so that deleting words costs none.
 *
 * @property vocabulary The words of the model's file.
 */
class WordModel(private val runner: StepRunner, val vocabulary: WordVocabulary) : TokenScorer, AutoCloseable {
    private val token = runner.buffer(INPUT)
    private val output = runner.outputs.singleOrNull()
        ?: throw ModelFileException("Expected one output, received ${runner.outputs.map { it.name }}.")
    private val view = runner.buffer(output.name).asFloatBuffer()
    private val known = KnownContexts(runner, output.elements)

    /** Steps that the last call of [logits] took; none while letters of a word are typed. */
    var lastSteps = 0
        private set

    /** Time that the last steps took, in nanoseconds. */
    var lastStepNanos = 0L
        private set

    init {
        if (output.elements != vocabulary.size) {
            throw ModelFileException("Expected ${vocabulary.size} outputs, one a word, received ${output.elements}.")
        }
    }

    override fun logits(context: IntArray): FloatArray {
        require(context.isNotEmpty()) { "Expected a context of at least one token, received none." }
        val begin = System.nanoTime()
        val start = known.longest(context)
        val first = start?.tokens?.size ?: 0
        lastSteps = context.size - first
        if (start != null && lastSteps == 0) return start.scores
        if (start == null) runner.reset() else runner.restoreStates(start.states)
        for (place in first until context.size) {
            token.putInt(0, context[place])
            runner.run()
        }
        lastStepNanos = System.nanoTime() - begin
        return known.add(context).scores.also { scores ->
            view.rewind()
            view.get(scores)
        }
    }

    /** Forgets every context, as if nothing had been typed. */
    fun forget() = known.clear()

    override fun close() = runner.close()

    companion object {
        private const val INPUT = "tokens"

        /** The model of a file. */
        fun of(runner: StepRunner, card: ModelCard): WordModel {
            val blocked = card.details.textsOrNull("blocked").orEmpty()
            val spellings = card.details.textsOrNull("spellings").orEmpty()
            return WordModel(runner, WordVocabulary(card.details.texts("vocabulary"), blocked, spellings))
        }
    }
}
