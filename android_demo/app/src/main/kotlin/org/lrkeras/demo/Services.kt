package org.lrkeras.demo

import android.content.Context
import org.lrkeras.core.benchmark.MemoryProbe
import org.lrkeras.core.benchmark.ResultStore
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.demo.about.AboutController
import org.lrkeras.demo.benchmark.AndroidMemory
import org.lrkeras.demo.benchmark.BenchmarkController
import org.lrkeras.demo.benchmark.DeviceFacts
import org.lrkeras.demo.benchmark.ResultProvider
import org.lrkeras.demo.common.AssetFiles
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.Worker
import org.lrkeras.demo.keyboard.KeyboardController
import org.lrkeras.demo.keyboard.KeyboardSettings
import org.lrkeras.demo.keyboard.PersonalStore
import org.lrkeras.lite.LiteRuntime
import org.lrkeras.demo.speech.AudioSource
import org.lrkeras.demo.speech.Clips
import org.lrkeras.demo.speech.MicrophoneSource
import org.lrkeras.demo.speech.SpeechController
import org.lrkeras.demo.words.WordsController
import java.io.File

/** The controllers of the screens and what they share. */
class Services(
    context: Context,
    files: ModelFiles,
    runtime: InferenceRuntime,
    store: ResultStore,
    memory: MemoryProbe,
    microphone: (Int) -> AudioSource,
) {
    private val models = Models(files, runtime)
    private val version = context.packageManager.getPackageInfo(context.packageName, 0).versionName.orEmpty()

    /** Threads: words, speech, benchmarks and the keyboard never wait for each other. */
    val wordsWorker = Worker("words")
    val speechWorker = Worker("speech")
    val benchmarkWorker = Worker("benchmark")
    val keyboardWorker = Worker("keyboard")

    val words = WordsController(models, wordsWorker)
    val speech = SpeechController(models, Clips(context.assets), speechWorker, microphone)
    val benchmark = BenchmarkController(models, store, DeviceFacts(context, runtime), memory, benchmarkWorker) { quieten() }
    val about = AboutController(models, wordsWorker, version)
    val keyboardSettings = KeyboardSettings.of(context)
    val keyboard = KeyboardController(models, keyboardWorker, keyboardSettings, PersonalStore(File(context.filesDir, OWN_WORDS)))

    /** Frees what the next use can load again. */
    fun onMemoryShort() = quieten()

    private fun quieten() {
        words.release()
        speech.release()
        keyboard.release()
    }

    companion object {
        private const val OWN_WORDS = "own_words.txt"

        /** The parts as they are on a device. */
        fun of(context: Context) =
            Services(context, AssetFiles(context.assets, "models"), LiteRuntime(), ResultProvider.store(context), AndroidMemory(), ::MicrophoneSource)
    }
}
