package org.lrkeras.demo.runtime

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.junit.runner.RunWith
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.runtime.StreamModel
import org.lrkeras.core.words.PersonalWords
import org.lrkeras.core.words.WordCorrector
import org.lrkeras.core.words.WordModel
import org.lrkeras.core.words.WordSuggester
import org.lrkeras.demo.Demo
import org.lrkeras.demo.DemoApplication
import org.lrkeras.lite.LiteModels
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer

/** What the README shows another app of the library. */
@RunWith(RobolectricTestRunner::class)
@Config(sdk = [35], application = DemoApplication::class)
class LiteModelsTest {
    /** What the app begins with. */
    private val shipped = Demo.models().first { Demo.card(it).task == ModelTask.WORDS }
    private val file = Demo.testModels().single { it.name == "word_prediction_tiny.tflite" }
    private val golden = Demo.golden("word_prediction_tiny")
    private val tokens = (golden["tokens"] as List<*>).map { (it as Long).toInt() }.toIntArray()

    /** What the last step of [model] gives after [tokens], where Python's was kept. */
    private fun last(model: StreamModel): FloatArray {
        val scores = model.use { it.stream().push(tokens) }
        val last = scores.size - (golden["width"] as Long).toInt()
        return (golden["kept"] as List<*>).map { scores[last + (it as Long).toInt()] }.toFloatArray()
    }

    @Test
    fun aFileABufferAndBytesGiveWhatPythonGives() {
        val expected = ((golden["outputs"] as List<*>).last() as List<*>).map { (it as Number).toFloat() }.toFloatArray()
        assertArrayEquals(expected, last(LiteModels.stream(file)), TOLERANCE)
        assertArrayEquals(expected, last(LiteModels.stream(LiteModels.map(file))), TOLERANCE)
        assertArrayEquals(expected, last(LiteModels.stream(ByteBuffer.wrap(file.readBytes()))), TOLERANCE)
    }

    @Test
    fun anAssetIsAsItsFile() {
        val expected = LiteModels.stream(shipped).use { it.stream().push(intArrayOf(5, 6)) }
        val found = LiteModels.stream(RuntimeEnvironment.getApplication().assets, "models/${shipped.name}").use { it.stream().push(intArrayOf(5, 6)) }
        assertArrayEquals(expected, found, 0f)
    }

    @Test
    fun streamsAreApartAndBeginAnew() {
        LiteModels.stream(file).use { model ->
            val (stream, other) = model.stream() to model.stream()
            val first = stream.push(intArrayOf(tokens[0]))
            other.push(tokens)
            val second = stream.push(intArrayOf(tokens[1]))
            stream.reset()
            assertArrayEquals(first, stream.push(intArrayOf(tokens[0])), 0f)
            assertArrayEquals(second, stream.push(intArrayOf(tokens[1])), 0f)
        }
    }

    @Test
    fun wordsAreSuggestedAndCorrected() {
        val buffer = LiteModels.map(shipped)
        WordModel.of(StepRunner(LiteModels.session(buffer)), ModelCard.read(shipped.name, buffer)).use { words ->
            val personal = PersonalWords()
            val suggestions = WordSuggester(words, words.vocabulary, personal = personal).suggest("See you tom")
            assertTrue(suggestions.toString(), suggestions.any { it.text == "tomorrow" })
            assertEquals("tomorrow", WordCorrector(words, words.vocabulary, personal).correct("See you tommorow")?.replacement)
        }
    }

    @Test
    fun whatCannotBeOpenedSaysSo() {
        assertThrows(IOException::class.java) { LiteModels.stream(File("no_such.tflite")) }
        val refused = assertThrows(ModelFileException::class.java) { LiteModels.stream(ByteBuffer.wrap("hello".toByteArray())) }
        assertTrue(refused.message, refused.message!!.startsWith("Expected"))
    }

    private companion object {
        const val TOLERANCE = 1e-4f
    }
}
