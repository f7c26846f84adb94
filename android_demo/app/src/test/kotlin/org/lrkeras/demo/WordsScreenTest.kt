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
        start()
        assertTrue(suggestions.all { it.isNotEmpty() && it[0].isUpperCase() })
        type("I would like to bo")
        assertEquals("book", suggestions[0])
        assertEquals("Insert book", view<Button>(R.id.suggestion_1).contentDescription)
        click(R.id.suggestion_1)
        assertEquals("I would like to book ", text(R.id.words_text))
        type("x")
        assertEquals("I would like to book x", text(R.id.words_text))
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
        assertEquals(models.map { it.name }, (0 until spinner.count).map { spinner.getItemAtPosition(it) })
        assertTrue(models.size >= 4 && models.all { it.task == ModelTask.WORDS })
        type("i would like to find a ")
        val shown = models.indices.map { position ->
            spinner.setSelection(position)
            settle()
            assertEquals(position, services.words.state.selected)
            assertTrue(suggestions.all { it.isNotEmpty() })
            text(R.id.words_figures).substringAfter("model of ")
        }
        assertEquals(models.size, shown.toSet().size)
    }

    @Test
    fun turningTheDisplayKeepsTextAndModel() {
        start()
        view<Spinner>(R.id.words_model).setSelection(2)
        settle()
        type("see you to")
        val before = suggestions
        RuntimeEnvironment.setQualifiers(LANDSCAPE)
        controller.configurationChange(activity.resources.configuration)
        controller.recreate()
        settle()
        assertEquals("see you to", text(R.id.words_text))
        assertEquals(2, view<Spinner>(R.id.words_model).selectedItemPosition)
        assertEquals(before, suggestions)
    }

    @Test
    fun theEndOfTheProcessKeepsTextAndModel() {
        start()
        view<Spinner>(R.id.words_model).setSelection(3)
        settle()
        type("see you to")
        val before = suggestions
        val old = services
        killAndComeBack()
        assertNotEquals(old, services)
        assertEquals("see you to", text(R.id.words_text))
        assertEquals(3, services.words.state.selected)
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
        val file = Demo.models().first { "dense_float32" in it.name }
        val bytes = file.readBytes()
        // The metadata lies in the file as it was; an operator that no runtime knows takes the place of another.
        val broken = BrokenModel.withUnknownOperator(bytes)
        start(Demo.Files(mapOf("a.tflite" to broken)))
        type("h")
        assertTrue(text(R.id.words_message), text(R.id.words_message).startsWith("The model cannot be used. Expected a model that TensorFlow Lite"))
    }

    private fun shoot(name: String) {
        start()
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
