package org.lrkeras.demo.runtime

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.speech.WaveFile
import org.lrkeras.core.words.PersonalWords
import org.lrkeras.core.words.WordCorrector
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester
import org.lrkeras.demo.Demo
import org.lrkeras.lite.LiteRuntime
import java.io.File

/** The engine of the app on the native library of the APK for x86_64, against what Python gave (tools/release/android_goldens.py). */
class LiteRuntimeTest {
    private val runtime = LiteRuntime()

    private val settings = listOf(SessionOptions(1, true), SessionOptions(2, true), SessionOptions(1, false))

    private fun runner(file: File, options: SessionOptions = SessionOptions()) = StepRunner(runtime.open(Demo.buffer(file.readBytes()), options))

    private fun fill(runner: StepRunner, golden: Map<*, *>): List<() -> Unit> {
        val tokens = golden["tokens"] as List<*>?
        if (tokens != null) return tokens.map { token -> { runner.buffer("tokens").putInt(0, (token as Long).toInt()) } }
        val samples = WaveFile.read(Demo.clip(golden["clip"] as String)).samples
        val input = runner.inputs.single()
        val silence = List((golden["silence"] as Long).toInt()) { List<Short>(input.elements) { 0 } }
        return (samples.asList().chunked(input.elements).filter { it.size == input.elements } + silence).map { hop ->
            { hop.forEachIndexed { place, sample -> runner.buffer(input.name).putFloat(4 * place, sample / 32768f) } }
        }
    }

    @Test
    fun modelsGiveWhatPythonGives() {
        for (file in Demo.models() + Demo.testModels()) for (options in settings) {
            val golden = Demo.golden(file.nameWithoutExtension)
            val expected = (golden["outputs"] as List<*>).map { row -> (row as List<*>).map { (it as Number).toDouble() } }
            val kept = (golden["kept"] as List<*>).map { (it as Long).toInt() }
            // float32: other orders of summation. int8, int4: activations are rounded to 1/127 of their range at each product.
            val range = expected.flatten().let { it.max() - it.min() }
            val tolerance = if (golden["quantize"] == null) 1e-5 * range else 0.02 * range
            runner(file, options).use { runner ->
                val output = runner.buffer(runner.outputs.single().name)
                assertEquals(golden["width"], runner.outputs.single().elements.toLong())
                // Twice: a reset must leave nothing of the run before.
                repeat(2) {
                    runner.reset()
                    fill(runner, golden).zip(expected).forEachIndexed { step, (put, row) ->
                        put()
                        runner.run()
                        kept.zip(row).forEach { (place, value) ->
                            assertEquals("${file.name} $options step $step output $place", value, output.getFloat(4 * place).toDouble(), tolerance)
                        }
                    }
                }
            }
        }
    }

    @Test
    fun typingGivesWhatTheWholeTextGives() {
        for (file in Demo.models() + Demo.testModels()) {
            val card = Demo.card(file)
            if (card.task != ModelTask.WORDS) continue
            val text = "I would like to find a restaurant in San Jos"
            WordModel.of(runner(file), card).use { typed ->
                val suggester = WordSuggester(typed, typed.vocabulary)
                for (length in 0..text.length) {
                    val suggestions = suggester.suggest(text.take(length))
                    assertTrue(typed.lastSteps <= 1)
                    if (length % 11 != 0) continue
                    WordModel.of(runner(file), card).use { anew ->
                        assertEquals(WordSuggester(anew, anew.vocabulary).suggest(text.take(length)), suggestions)
                    }
                }
            }
        }
    }

    @Test
    fun suggestsWhatPythonSuggests() {
        val files = (Demo.models() + Demo.testModels()).filter { Demo.card(it).run { task == ModelTask.WORDS && quantize == null } }
        assertTrue(files.isNotEmpty())
        for (file in files) {
            WordModel.of(runner(file), Demo.card(file)).use { model ->
                val suggester = WordSuggester(model, model.vocabulary)
                val own = learned()
                val ownSuggester = WordSuggester(model, model.vocabulary, personal = own)
                val correctors = listOf(WordCorrector(model, model.vocabulary), WordCorrector(model, model.vocabulary, own))
                for (case in Demo.suggestions(file.nameWithoutExtension)) {
                    val typed = case["typed"] as String
                    val expected = (case["suggestions"] as List<*>).map { (it as Map<*, *>)["text"] to it["after"] }
                    val found = suggester.suggest(typed).map { it.text to lastCharacters(it.insertedInto(typed)) }
                    assertEquals("${file.name}, typed: $typed", expected, found)
                    assertEquals("${file.name}, typed: $typed", case["own"], ownSuggester.suggest(typed).map { it.text })
                    val corrections = correctors.map { it.correct(typed)?.run { listOf(this.typed, replacement) } }
                    assertEquals("${file.name}, typed: $typed", case["corrections"], corrections)
                }
            }
        }
    }

    private fun learned(): PersonalWords {
        val golden = Demo.goldens("personal_words").first()
        val words = PersonalWords((golden["limit"] as Long).toInt())
        for (text in golden["texts"] as List<*>) words.learn(text as String)
        return words
    }

    private fun lastCharacters(text: String): String {
        val all = text.codePoints().toArray()
        val from = maxOf(0, all.size - 40)
        return String(all, from, all.size - from)
    }

    @Test
    fun namesItsVersion() = assertEquals(Demo.runtime, runtime.version)

    @Test
    fun whatIsNoModelIsRefusedWithAReason() {
        val whole = Demo.models().first().readBytes()
        for (bytes in listOf(ByteArray(0), "hello, world".toByteArray(), whole.copyOf(whole.size / 2), whole.copyOf(200))) {
            val error = assertThrows(ModelFileException::class.java) { runtime.open(Demo.buffer(bytes), SessionOptions()) }
            assertTrue(error.message!!, error.message!!.startsWith("Expected a model that ${Demo.runtime} runs"))
        }
    }
}
