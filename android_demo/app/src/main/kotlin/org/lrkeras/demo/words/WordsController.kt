package org.lrkeras.demo.words

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.stats.LatencyWindow
import org.lrkeras.core.words.Suggestion
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester
import org.lrkeras.demo.R
import org.lrkeras.demo.common.ComparedModels
import org.lrkeras.demo.common.LoadedModel
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.NewestFirst
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker

/**
 * Suggests words for a text that changes at every keystroke, with the model that is chosen, or with two that are compared.
 *
 * Two models take turns on one thread, never at once, and the one that begins changes with every keystroke: both have the
 * core to themselves, and follow each other equally often. Loading a model counts towards no figure of a comparison.
 */
class WordsController(private val models: Models, private val worker: Worker) : StateHolder<WordsState>(WordsState()) {
    /** A keystroke that waits for its suggestions; the models that answer, by their column. */
    private class Keystroke(val text: String, val cards: Map<Int, ModelCard>, val nanos: Long, val begins: Int)

    /** Suggestions, and the time that they took; of the tokens as well. */
    private class Answer(val suggestions: List<Suggestion>, val nanos: Long, val steps: Int, val stepNanos: Long)

    /** What was measured of a column. */
    private class Measured {
        val keystrokes = LatencyWindow()
        val tokens = LatencyWindow()
    }

    private val newest = NewestFirst(worker, ::answers) { keystroke, found -> showAll(keystroke, found.getOrThrow()) }
    private val measured = List(2) { Measured() }
    private var text = ""
    private var wanted = ComparedModels()
    private var asked = 0

    // Of the worker's thread alone.
    private val loaded = List(2) { LoadedModel(models) { runner, card -> WordModel.of(runner, card) } }

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

    /** Chooses the model at [position] for a column; its figures start anew, and in a comparison those of both. */
    fun choose(position: Int, column: Int = 0) {
        if (position == state.columns[column].selected || position !in state.models.indices) return
        update { it.with(column) { one -> one.copy(selected = position, message = null) } }
        startAnew()
    }

    /** Compares two models on the same typing, or goes back to one. */
    fun compare(isComparing: Boolean) {
        if (isComparing == state.isComparing) return
        update { it.copy(isComparing = isComparing) }
        startAnew()
        if (!isComparing) worker.run({ loaded[1].unload() }) {}
    }

    /** Frees the models, as when memory is short; the next keystroke loads them again. */
    fun release() = worker.run({ loaded.forEach { it.unload() } }) {}

    /** The models, to be chosen again after the process was ended. */
    fun chosen(): ComparedModels = if (state.models.isEmpty()) wanted else state.chosen()

    /** Chooses models by their files, now or once the models are known. */
    fun restore(chosen: ComparedModels) {
        wanted = chosen
        if (state.models.isNotEmpty()) chosen.files.forEachIndexed { column, file -> choose(state.models.indexOfFirst { it.file == file }, column) }
        compare(chosen.isComparing)
    }

    private fun showModels(found: List<ModelCard>) {
        val columns = wanted.places(found).map { WordsColumn(selected = it) }
        update { it.copy(models = found, columns = columns, missing = if (found.isEmpty()) UiText(R.string.no_models) else null) }
        ask()
    }

    private fun startAnew() {
        measured.forEach { one -> listOf(one.keystrokes, one.tokens).forEach { it.clear() } }
        update { it.copy(columns = it.columns.map { column -> column.copy(suggestions = emptyList(), figures = null) }) }
        ask()
    }

    private fun ask() {
        val cards = state.cards
        if (cards.isNotEmpty()) newest.ask(Keystroke(text, cards, System.nanoTime(), asked++ % 2))
    }

    private fun showAll(keystroke: Keystroke, answers: Map<Int, Result<Answer>>) = answers.forEach { (column, answer) -> show(keystroke, column, answer) }

    private fun answers(keystroke: Keystroke): Map<Int, Result<Answer>> {
        val columns = keystroke.cards.keys.sorted()
        val inTurn = if (keystroke.begins == 1) columns.reversed() else columns
        return inTurn.associateWith { column -> runCatching { answer(keystroke.text, loaded[column].of(keystroke.cards.getValue(column))) } }
    }

    private fun answer(text: String, model: WordModel): Answer {
        val begin = System.nanoTime()
        val suggestions = WordSuggester(model, model.vocabulary).suggest(text)
        return Answer(suggestions, System.nanoTime() - begin, model.lastSteps, model.lastStepNanos)
    }

    private fun show(keystroke: Keystroke, column: Int, result: Result<Answer>) {
        if (keystroke.cards[column] !== state.modelOf(column) || keystroke.cards.size != state.active.size) return
        val failure = result.exceptionOrNull()
        if (failure != null) {
            update { it.with(column) { one -> one.copy(suggestions = emptyList(), message = UiText(R.string.model_failed, failure.message.orEmpty())) } }
            return
        }
        val answer = result.getOrThrow()
        update { it.with(column) { one -> one.copy(suggestions = answer.suggestions, message = null) } }
        // Of one model: the view has drawn nothing yet, but holds the suggestions; what is left is the display's.
        measured[column].keystrokes.add(if (keystroke.cards.size == 1) System.nanoTime() - keystroke.nanos else answer.nanos)
        if (answer.steps > 0) measured[column].tokens.add(answer.stepNanos / answer.steps)
        val figures = figures(measured[column])
        update { it.with(column) { one -> one.copy(figures = figures) } }
    }

    private fun figures(measured: Measured): WordsFigures? {
        val all = measured.keystrokes.stats() ?: return null
        val last = (measured.keystrokes.last ?: 0) / NANOS
        return WordsFigures(last, all.p50, all.p90, measured.tokens.stats()?.p50, all.count)
    }

    private companion object {
        const val NANOS = 1e3
    }
}
