package org.lrkeras.core.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.StepRunner

/**
 * A word model of which only new tokens are computed.
 *
 * Typing letters of a word asks again for the logits of the same context, which are kept; a finished word adds one
 * step. Any other change starts anew from zero states.
 *
 * @property vocabulary The words of the model's file.
 */
class WordModel(private val runner: StepRunner, val vocabulary: WordVocabulary) : TokenScorer, AutoCloseable {
    private val token = runner.buffer(INPUT)
    private val output = runner.outputs.singleOrNull()
        ?: throw ModelFileException("Expected one output, received ${runner.outputs.map { it.name }}.")
    private val view = runner.buffer(output.name).asFloatBuffer()
    private val scores = FloatArray(output.elements)
    private var fed = IntArray(0)

    /** Steps that the last call of [logits] took; none while letters of a word are typed. */
    var lastSteps = 0
        private set

    /** Time that those steps took, in nanoseconds. */
    var lastStepNanos = 0L
        private set

    init {
        if (scores.size != vocabulary.size) {
            throw ModelFileException("Expected ${vocabulary.size} outputs, one a word, received ${scores.size}.")
        }
    }

    override fun logits(context: IntArray): FloatArray {
        val isLonger = fed.isNotEmpty() && context.size >= fed.size && fed.indices.all { fed[it] == context[it] }
        if (!isLonger) runner.reset()
        val first = if (isLonger) fed.size else 0
        val begin = System.nanoTime()
        for (place in first until context.size) {
            token.putInt(0, context[place])
            runner.run()
        }
        lastStepNanos = System.nanoTime() - begin
        lastSteps = context.size - first
        fed = context
        if (lastSteps > 0) {
            view.rewind()
            view.get(scores)
        }
        return scores
    }

    override fun close() = runner.close()

    companion object {
        private const val INPUT = "tokens"

        /** The model of a file. */
        fun of(runner: StepRunner, card: ModelCard): WordModel {
            val blocked = card.details.textsOrNull("blocked").orEmpty()
            return WordModel(runner, WordVocabulary(card.details.texts("vocabulary"), blocked))
        }
    }
}
