package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester

/**
 * A message typed into a word model, letter by letter, and then once more.
 *
 * Letters inside a word cost no step of the model, the first letter of the next word one: the median is the ranking's,
 * p90 holds a step. Each message starts with a model that remembers nothing.
 */
internal class KeystrokeWorkload(runner: StepRunner, card: ModelCard) : Workload {
    override val measure = Measure.KEYSTROKE
    private val model = WordModel.of(runner, card)
    private val suggester = WordSuggester(model, model.vocabulary)
    private var typed = 0

    override fun prepare() {
        typed = typed % TEXTS.size + 1
        if (typed == 1) model.forget()
    }

    override fun run() {
        suggester.suggest(TEXTS[typed - 1])
    }

    override fun close() = model.close()

    private companion object {
        /** 67 characters: turns of twenty keystrokes begin at other ones each time. */
        const val MESSAGE = "Hi, I will be late for dinner tonight. Can you please wait for me? "
        val TEXTS = MESSAGE.indices.map { MESSAGE.take(it + 1) }
    }
}
