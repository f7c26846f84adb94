package org.lrkeras.demo.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.stats.LatencyWindow
import org.lrkeras.core.words.Suggestion
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester
import org.lrkeras.demo.R
import org.lrkeras.demo.common.LoadedModel
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker
import java.util.concurrent.atomic.AtomicReference

/** Suggests words for a text that changes at every keystroke, with the model that is chosen. */
class WordsController(private val models: Models, private val worker: Worker) : StateHolder<WordsState>(WordsState()) {
    /** A keystroke that waits for its suggestions. */
    private class Keystroke(val text: String, val card: ModelCard, val nanos: Long)

    /** Suggestions, and the time of the tokens that they took. */
    private class Answer(val suggestions: List<Suggestion>, val steps: Int, val stepNanos: Long)

    private val waiting = AtomicReference<Keystroke?>()
    private val latencies = LatencyWindow()
    private val tokenNanos = LatencyWindow()
    private var text = ""
    private var wanted: String? = null

    // Of the worker's thread alone.
    private val loaded = LoadedModel(models) { runner, card -> WordModel.of(runner, card) }

    /** Looks for models; the first time only. */
    fun start() {
        if (state.models.isNotEmpty()) return
        worker.run({ models.library.cards(ModelTask.WORDS) }) { found -> showModels(found.getOrDefault(emptyList())) }
    }

    /** Takes the text up to the cursor. */
    fun onText(typed: String) {
        if (typed == text) return
        text = typed
        ask()
    }

    /** Chooses the model at [position]; figures start anew. */
    fun choose(position: Int) {
        if (position == state.selected || position !in state.models.indices) return
        latencies.clear()
        tokenNanos.clear()
        update { it.copy(selected = position, figures = null) }
        ask()
    }

    /** Frees the model, as when memory is short; the next keystroke loads it again. */
    fun release() = worker.run({ loaded.unload() }) {}

    /** File of the model, to be chosen again after the process was ended. */
    fun chosenFile(): String? = state.model?.file ?: wanted

    /** Chooses a model by its file, now or once the models are known. */
    fun restore(file: String?) {
        wanted = file
        choose(state.models.indexOfFirst { it.file == file })
    }

    private fun showModels(found: List<ModelCard>) {
        val selected = found.indexOfFirst { it.file == wanted }.coerceAtLeast(0)
        update { it.copy(models = found, selected = selected, message = if (found.isEmpty()) UiText(R.string.no_models) else null) }
        ask()
    }

    private fun ask() {
        val card = state.model ?: return
        waiting.set(Keystroke(text, card, System.nanoTime()))
        // Of several keystrokes that wait only the newest is answered.
        worker.run({ waiting.getAndSet(null)?.let { it to answer(it) } }) { result ->
            result.onSuccess { found -> found?.let { (keystroke, answer) -> show(keystroke, answer) } }
            result.onFailure { error -> update { it.copy(suggestions = emptyList(), message = UiText(R.string.model_failed, error.message.orEmpty())) } }
        }
    }

    private fun answer(keystroke: Keystroke): Answer {
        val model = loaded.of(keystroke.card)
        val suggestions = WordSuggester(model, model.vocabulary).suggest(keystroke.text)
        return Answer(suggestions, model.lastSteps, model.lastStepNanos)
    }

    private fun show(keystroke: Keystroke, answer: Answer) {
        if (keystroke.card !== state.model) return
        update { it.copy(suggestions = answer.suggestions, message = null) }
        // The view has drawn nothing yet, but holds the suggestions: what is left is the display's.
        latencies.add(System.nanoTime() - keystroke.nanos)
        if (answer.steps > 0) tokenNanos.add(answer.stepNanos / answer.steps)
        val all = latencies.stats() ?: return
        val last = (latencies.last ?: 0) / NANOS
        val figures = WordsFigures(last, all.p50 / MICROS, all.p90 / MICROS, tokenNanos.stats()?.let { it.p50 / MICROS })
        update { it.copy(figures = figures) }
    }

    private companion object {
        const val NANOS = 1e6
        const val MICROS = 1e3
    }
}
