package org.lrkeras.demo

import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.Spinner
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.common.BytesText
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

class WordsScreenTest : ScreenTest() {
    private val suggestions get() = listOf(R.id.suggestion_1, R.id.suggestion_2, R.id.suggestion_3).map { text(it) }

    private fun type(words: String) {
        val field = view<EditText>(R.id.words_text)
        for (letter in words) {
            field.text.insert(field.selectionEnd, letter.toString())
            settle()
        }
    }

    @Test
    fun suggestsAtEachKeystrokeAndInsertsWhatIsTapped() {
        start(Demo.testFiles())
        assertTrue(suggestions.all { it.isNotEmpty() && it[0].isUpperCase() })
        val golden = Demo.suggestions("word_prediction_tiny").single { it["typed"] == "I would like to " }
        val expected = (golden["suggestions"] as List<*>).map { it as Map<*, *> }
        type("I would like to ")
        assertEquals(expected.map { it["text"] }, suggestions)
        assertEquals("Insert ${expected[0]["text"]}", view<Button>(R.id.suggestion_1).contentDescription)
        click(R.id.suggestion_1)
        assertEquals(expected[0]["after"], text(R.id.words_text))
        type("x")
        assertEquals("${expected[0]["after"]}x", text(R.id.words_text))
        assertTrue(text(R.id.words_figures), Regex("Last [\\d.]+ ms · median [\\d.]+ ms · p90 [\\d.]+ ms\n[\\d.]+ ms a token · model of [\\d.]+ [KM]B").matches(text(R.id.words_figures)))
    }

    @Test
    fun aWordInTheMiddleIsCompletedAtTheCursor() {
        start()
        val field = view<EditText>(R.id.words_text)
        field.setText("i want to bo a table")
        field.setSelection(12)
        settle()
        val chosen = suggestions[0]
        click(R.id.suggestion_1)
        assertEquals("i want to $chosen a table", text(R.id.words_text))
        assertEquals(11 + chosen.length, field.selectionEnd)
    }

    @Test
    fun everyModelCanBeChosen() {
        start()
        val spinner = view<Spinner>(R.id.words_model)
        val models = services.words.state.models
        assertEquals(models.map { it.shortTitle }, (0 until spinner.count).map { spinner.getItemAtPosition(it) })
        assertTrue(models.size >= 2 && models.all { it.task == ModelTask.WORDS })
        type("i would like to find a ")
        for ((position, model) in models.withIndex().reversed()) {
            spinner.setSelection(position)
            settle()
            assertEquals(position, services.words.state.selected)
            assertTrue(suggestions.all { it.isNotEmpty() })
            val size = "model of ${BytesText.of(model.bytes.toLong()).read(activity.resources)}"
            assertTrue(text(R.id.words_figures), text(R.id.words_figures).endsWith(size))
        }
    }

    @Test
    fun turningTheDisplayKeepsTextAndModel() {
        start()
        val last = services.words.state.models.lastIndex
        view<Spinner>(R.id.words_model).setSelection(last)
        settle()
        type("see you to")
        val before = suggestions
        RuntimeEnvironment.setQualifiers(LANDSCAPE)
        controller.configurationChange(activity.resources.configuration)
        controller.recreate()
        settle()
        assertEquals("see you to", text(R.id.words_text))
        assertEquals(last, view<Spinner>(R.id.words_model).selectedItemPosition)
        assertEquals(before, suggestions)
    }

    @Test
    fun theEndOfTheProcessKeepsTextAndModel() {
        start()
        val last = services.words.state.models.lastIndex
        view<Spinner>(R.id.words_model).setSelection(last)
        settle()
        type("see you to")
        val before = suggestions
        val old = services
        killAndComeBack()
        assertNotEquals(old, services)
        assertEquals("see you to", text(R.id.words_text))
        assertEquals(last, services.words.state.selected)
        assertEquals(before, suggestions)
    }

    @Test
    fun shortMemoryFreesTheModelAndTheNextKeystrokeLoadsIt() {
        start()
        type("how ar")
        val before = suggestions
        application.onTrimMemory(android.content.ComponentCallbacks2.TRIM_MEMORY_COMPLETE)
        settle()
        type("e")
        view<EditText>(R.id.words_text).text.delete(6, 7)
        settle()
        assertEquals(before, suggestions)
    }

    @Test
    fun withoutModelsThereIsAMessage() {
        start(Demo.Files(emptyMap()))
        assertEquals("This build has no model for this screen.", text(R.id.words_message))
        assertEquals(View.VISIBLE, view<View>(R.id.words_message).visibility)
        assertFalse(view<Button>(R.id.suggestion_1).isEnabled)
        type("hello")
    }

    @Test
    fun aModelThatTheRuntimeRefusesGivesAMessage() {
        val bytes = Demo.models().first { Demo.card(it).task == ModelTask.WORDS }.readBytes()
        // The metadata lies in the file as it was; an operator that no runtime knows takes the place of another.
        val broken = BrokenModel.withUnknownOperator(bytes)
        start(Demo.Files(mapOf("a.tflite" to broken)))
        type("h")
        assertTrue(text(R.id.words_message), text(R.id.words_message).startsWith("The model cannot be used. Expected a model that TensorFlow Lite"))
    }

    private fun shoot(name: String) {
        start(Demo.testFiles())
        type("I would like to find a res")
        // Times of a computer have no place in a picture, and would differ in each.
        view<TextView>(R.id.words_figures).text = activity.getString(R.string.words_figures, 0.0, 0.0, 0.0, "0.00 ms", "1.3 MB")
        Screenshot.check(activity, name)
    }

    @Test
    fun light() = shoot("words_light")

    @Test
    @Config(qualifiers = DARK)
    fun dark() = shoot("words_dark")

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape() = shoot("words_landscape")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("words_large_font")
    }

    @Test
    @Config(qualifiers = TABLET)
    fun tablet() = shoot("words_tablet")
}
