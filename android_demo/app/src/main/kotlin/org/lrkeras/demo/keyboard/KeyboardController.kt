package org.lrkeras.demo.keyboard

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.stats.LatencyWindow
import org.lrkeras.core.words.Correction
import org.lrkeras.core.words.Suggestion
import org.lrkeras.core.words.WordCorrector
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester
import org.lrkeras.demo.R
import org.lrkeras.demo.common.LoadedModel
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.NewestFirst
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker

/**
 * Suggests and corrects words for the keyboard; no keystroke waits for it.
 *
 * @param store The person's own words; of the worker's thread alone.
 */
class KeyboardController(
    private val models: Models,
    private val worker: Worker,
    private val settings: KeyboardSettings,
    private val store: PersonalStore,
) : StateHolder<KeyboardState>(KeyboardState()) {
    private class Question(val text: String, val card: ModelCard, val corrects: Boolean, val nanos: Long)

    private class Answer(val suggestions: List<Suggestion>, val correction: Correction?)

    private val newest = NewestFirst(worker, ::answer, ::show)
    private val latencies = LatencyWindow()
    private var text: String? = null
    private val loaded = LoadedModel(models) { runner, card -> WordModel.of(runner, card) }

    /** Looks for models; the first time only. */
    fun start() {
        if (state.models.isNotEmpty()) return
        worker.run({ models.library.cards(ModelTask.WORDS) }) { found ->
            val cards = found.getOrDefault(emptyList())
            val message = if (cards.isEmpty()) UiText(R.string.no_models) else null
            update { it.copy(models = cards, model = chosen(cards), message = message) }
            ask(text)
        }
    }

    /** Takes the text up to the cursor; null where nothing may be suggested. */
    fun ask(before: String?) {
        text = before
        val card = state.model
        if (before == null) {
            newest.forget()
            update { it.copy(text = null, suggestions = emptyList(), correction = null) }
        } else if (card != null) {
            newest.ask(Question(before, card, settings.corrects, System.nanoTime()))
        }
    }

    /** Takes another model; figures start anew. */
    fun choose(card: ModelCard) {
        if (card === state.model) return
        settings.model = card.file
        latencies.clear()
        update { it.copy(model = card, last = null, latency = null) }
        ask(text)
    }

    /** Takes the model after this one. */
    fun chooseNext() {
        val place = state.models.indexOf(state.model ?: return)
        choose(state.models[(place + 1) % state.models.size])
    }

    /** Remembers what was written, if the person wants it. */
    fun learn(written: String) {
        if (settings.learns) worker.run({ store.learn(written) }) { done -> tellFailure(done) }
    }

    /** Tells how many words of the person are known. */
    fun countWords(done: (Int) -> Unit) = worker.run({ store.words.size }) { it.onSuccess(done) }

    /** Forgets the person's own words. */
    fun forgetWords(done: () -> Unit) = worker.run({ store.clear() }) { done() }

    /** Has the person's own words written somewhere by [write], off the main thread. */
    fun exportWords(write: (String) -> Unit, done: (Result<Unit>) -> Unit) = worker.run({ write(store.words.export()) }, done)

    /** Frees the model, as when memory is short; the next keystroke loads it again. */
    fun release() = worker.run({ loaded.unload() }) {}

    private fun chosen(cards: List<ModelCard>) = cards.firstOrNull { it.file == settings.model } ?: cards.firstOrNull()

    private fun answer(question: Question): Answer {
        val model = loaded.of(question.card)
        val suggester = WordSuggester(model, model.vocabulary, personal = store.words)
        val corrector = WordCorrector(model, model.vocabulary, store.words)
        val correction = if (question.corrects) corrector.correct(question.text) else null
        return Answer(suggester.suggest(question.text), correction)
    }

    private fun show(question: Question, result: Result<Answer>) {
        tellFailure(result)
        val answer = result.getOrNull() ?: return
        if (question.card !== state.model || text == null) return
        update { it.copy(text = question.text, suggestions = answer.suggestions, correction = answer.correction, message = null) }
        latencies.add(System.nanoTime() - question.nanos)
        update { it.copy(last = latencies.last, latency = latencies.stats()) }
    }

    private fun tellFailure(result: Result<*>) = result.onFailure { error ->
        update { it.copy(suggestions = emptyList(), correction = null, message = UiText(R.string.model_failed, error.message.orEmpty())) }
    }
}
