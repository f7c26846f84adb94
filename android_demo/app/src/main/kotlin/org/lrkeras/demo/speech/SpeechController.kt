package org.lrkeras.demo.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.speech.FrontEndTimer
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.core.speech.SpeechRecognizer
import org.lrkeras.demo.R
import org.lrkeras.demo.common.ComparedModels
import org.lrkeras.demo.common.LoadedModel
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker

/**
 * Listens to the microphone or to a recording and shows words as they are recognised, by one model or by two that are compared.
 *
 * @param microphone Opens the microphone at a sample rate.
 * @param clip Opens a recording by its name, for a sample rate.
 */
class SpeechController(
    private val models: Models,
    private val clips: Clips,
    private val worker: Worker,
    private val microphone: (Int) -> AudioSource = ::MicrophoneSource,
    private val clip: (String) -> AudioSource = { name -> clips.read(name).let { ClipSource(it.samples, it.sampleRate) } },
) : StateHolder<SpeechState>(SpeechState()) {
    @Volatile
    private var isStopped = false
    private var wanted = ComparedModels()

    // Of the worker's thread alone.
    private val loaded = List(2) { LoadedModel(models) { runner, card -> SpeechRecognizer.of(runner, card) } }
    private val frontEnd = LoadedModel(models) { runner, card -> FrontEndTimer.of(runner, card) }

    /** Looks for models and recordings; the first time only. */
    fun start() {
        if (state.models.isNotEmpty()) return
        worker.run({ models.library.cards(ModelTask.SPEECH) to clips.names }) { result ->
            val (found, names) = result.getOrDefault(emptyList<ModelCard>() to emptyList())
            val message = if (found.isEmpty()) UiText(R.string.no_models) else null
            update { it.copy(models = found, columns = placed(found, it.columns), clips = names, notice = message) }
        }
    }

    /** Chooses the model at [position] for a column; stops what goes on. */
    fun choose(position: Int, column: Int = 0) {
        if (position == state.columns[column].selected || position !in state.models.indices) return
        stop()
        update { it.with(column) { one -> one.copy(selected = position, message = null) } }
        forget()
    }

    /** Compares two models on the same sound, or goes back to one; stops what goes on. */
    fun compare(isComparing: Boolean) {
        if (isComparing == state.isComparing) return
        stop()
        update { it.copy(isComparing = isComparing) }
        forget()
        if (!isComparing) worker.run({ loaded[1].unload() }) {}
    }

    /** Chooses the recording at [position]. */
    fun chooseClip(position: Int) = update { it.copy(selectedClip = position) }

    /** Starts to listen to the microphone, for which there is a permission. */
    fun listen() = begin(microphone)

    /** Plays the chosen recording to the model. */
    fun playClip() {
        val name = state.clips.getOrNull(state.selectedClip) ?: return
        begin { clip(name) }
    }

    /** Stops listening; what was said is recognised to its end. */
    fun stop() {
        isStopped = true
    }

    /** Tells that there is no permission to record, and what to do. */
    fun onPermissionRefused(isFinal: Boolean) =
        update { it.copy(notice = UiText(if (isFinal) R.string.microphone_refused_finally else R.string.microphone_refused)) }

    /** Frees the models, as when memory is short. */
    fun release() {
        stop()
        worker.run({ (loaded + frontEnd).forEach { it.unload() } }) {}
    }

    /** The models, to be chosen again after the process was ended. */
    fun chosen(): ComparedModels = if (state.models.isEmpty()) wanted else state.chosen()

    /** Chooses models by their files, now or once the models are known, and shows what they heard before again. */
    fun restore(chosen: ComparedModels, texts: List<String>) {
        wanted = chosen
        if (state.models.isNotEmpty()) chosen.files.forEachIndexed { column, file -> choose(state.models.indexOfFirst { it.file == file }, column) }
        compare(chosen.isComparing)
        update { it.copy(columns = it.columns.mapIndexed { column, one -> one.copy(text = texts.getOrElse(column) { "" }) }) }
    }

    private fun placed(found: List<ModelCard>, columns: List<SpeechColumn>) =
        columns.zip(wanted.places(found)) { one, place -> one.copy(selected = place) }

    /** What was heard was heard by others. */
    private fun forget() = update { it.copy(columns = it.columns.map { one -> one.copy(text = "", figures = null) }) }

    private fun begin(open: (Int) -> AudioSource) {
        val cards = state.cards
        if (cards.isEmpty() || state.isListening) return
        isStopped = false
        update { it.copy(isListening = true, notice = null, peaks = emptyList(), columns = it.columns.map { one -> SpeechColumn(one.selected) }) }
        worker.run({ listen(cards, open) }) { result ->
            val message = result.exceptionOrNull()?.let { explained(it) }
            update { it.copy(isListening = false, level = LevelMeter.SILENCE, notice = message ?: it.notice) }
        }
    }

    private fun explained(error: Throwable): UiText = when (error) {
        is AudioException -> UiText(R.string.microphone_failed, error.message.orEmpty())
        else -> UiText(R.string.model_failed, error.message.orEmpty())
    }

    private fun listen(cards: Map<Int, ModelCard>, open: (Int) -> AudioSource) {
        fun show(change: (SpeechState) -> SpeechState) = worker.tell { if (cards.all { (column, card) -> card === state.modelOf(column) }) update(change) }
        val recognizers = LinkedHashMap<Int, SpeechRecognizer>()
        for ((column, card) in cards) {
            try {
                recognizers[column] = alike(loaded[column].of(card), recognizers.values.firstOrNull())
            } catch (error: Exception) {
                show { it.with(column) { one -> one.copy(message = UiText(R.string.model_failed, error.message.orEmpty())) } }
            }
        }
        val first = recognizers.values.firstOrNull() ?: return
        val timed = models.library.cards(ModelTask.FRONT_END).firstOrNull { FrontEndTimer.fits(it, cards.getValue(recognizers.keys.first())) }
        val session = ListeningSession(recognizers.mapValues { Listener(it.value) }, first.samplesPerStep, timed?.let { frontEnd.of(it) }, ::show)
        open(first.sampleRate).use { source -> session.run(source) { isStopped } }
    }

    /** [one], which must take the same samples as the [other] that listens already. */
    private fun alike(one: SpeechRecognizer, other: SpeechRecognizer?): SpeechRecognizer {
        if (other != null && (one.samplesPerStep != other.samplesPerStep || one.sampleRate != other.sampleRate)) {
            throw ModelFileException(
                "Expected ${other.samplesPerStep} samples a step at ${other.sampleRate} Hz, as the other model takes, " +
                    "received a model of ${one.samplesPerStep} at ${one.sampleRate} Hz. Compare it with one of its kind.",
            )
        }
        return one
    }
}
