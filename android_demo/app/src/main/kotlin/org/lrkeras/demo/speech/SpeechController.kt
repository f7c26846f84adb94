package org.lrkeras.demo.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.speech.FrontEndTimer
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.core.speech.SpeechRecognizer
import org.lrkeras.demo.R
import org.lrkeras.demo.common.LoadedModel
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker

/**
 * Listens to the microphone or to a recording and shows words as they are recognised.
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
    private var wanted: String? = null

    // Of the worker's thread alone.
    private val loaded = LoadedModel(models) { runner, card -> SpeechRecognizer.of(runner, card) }
    private val frontEnd = LoadedModel(models) { runner, card -> FrontEndTimer.of(runner, card) }

    /** Looks for models and recordings; the first time only. */
    fun start() {
        if (state.models.isNotEmpty()) return
        worker.run({ models.library.cards(ModelTask.SPEECH) to clips.names }) { result ->
            val (found, names) = result.getOrDefault(emptyList<ModelCard>() to emptyList())
            val selected = found.indexOfFirst { it.file == wanted }.coerceAtLeast(0)
            val message = if (found.isEmpty()) UiText(R.string.no_models) else null
            update { it.copy(models = found, selected = selected, clips = names, message = message) }
        }
    }

    /** Chooses the model at [position]; stops what goes on. */
    fun choose(position: Int) {
        if (position == state.selected || position !in state.models.indices) return
        stop()
        update { it.copy(selected = position, text = "", figures = null) }
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
        update { it.copy(message = UiText(if (isFinal) R.string.microphone_refused_finally else R.string.microphone_refused)) }

    /** Frees the model, as when memory is short. */
    fun release() {
        stop()
        worker.run({ listOf(loaded, frontEnd).forEach { it.unload() } }) {}
    }

    /** File of the model, to be chosen again after the process was ended. */
    fun chosenFile(): String? = state.model?.file ?: wanted

    /** Chooses a model by its file, now or once the models are known, and shows a text again. */
    fun restore(file: String?, text: String) {
        wanted = file
        choose(state.models.indexOfFirst { it.file == file })
        update { it.copy(text = text) }
    }

    private fun begin(open: (Int) -> AudioSource) {
        val card = state.model
        if (card == null || state.isListening) return
        isStopped = false
        update { it.copy(isListening = true, text = "", figures = null, message = null) }
        worker.run({ listen(card, open) }) { result ->
            val message = result.exceptionOrNull()?.let { explained(it) }
            update { it.copy(isListening = false, level = LevelMeter.SILENCE, message = message ?: it.message) }
        }
    }

    private fun explained(error: Throwable): UiText = when (error) {
        is AudioException -> UiText(R.string.microphone_failed, error.message.orEmpty())
        else -> UiText(R.string.model_failed, error.message.orEmpty())
    }

    private fun listen(card: ModelCard, open: (Int) -> AudioSource) {
        val recognizer = loaded.of(card)
        val timed = models.library.cards(ModelTask.FRONT_END).firstOrNull { FrontEndTimer.fits(it, card) }
        val session = ListeningSession(recognizer, timed?.let { frontEnd.of(it) }) { show -> worker.tell { if (card === state.model) update(show) } }
        open(recognizer.sampleRate).use { source -> session.run(source) { isStopped } }
    }
}
