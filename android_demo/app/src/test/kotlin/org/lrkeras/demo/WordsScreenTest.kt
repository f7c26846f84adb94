package org.lrkeras.demo

import android.view.View
import android.widget.Button
import android.widget.EditText
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.part
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
        // "I would like to " and what follows it: a keystroke more for each letter.
        for (id in FIGURES) assertTrue(text(id), TIME.matches(text(id)))
        assertTrue(text(R.id.words_caption), Regex("\\d+ of the last 100 keystrokes · model of [\\d.]+ [KM]B").matches(text(R.id.words_caption)))
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
        // The best one first, as models.txt has them, and chosen where nobody chose.
        val listed = Demo.models().filter { Demo.card(it).task == ModelTask.WORDS }.map { it.name }
        assertEquals(listed, models.map { it.file })
        assertEquals(0, services.words.state.selected)
        assertTrue(models.size >= 2)
        type("i would like to find a ")
        for ((position, model) in models.withIndex().reversed()) {
            spinner.setSelection(position)
            settle()
            assertEquals(position, services.words.state.selected)
            assertTrue(suggestions.all { it.isNotEmpty() })
            val size = "model of ${BytesText.of(model.bytes.toLong()).read(activity.resources)}"
            assertTrue(text(R.id.words_caption), text(R.id.words_caption).endsWith(size))
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
        turn()
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

    private fun panel(column: Int): View = view(listOf(R.id.words_panel_1, R.id.words_panel_2)[column])

    private fun panelText(column: Int, id: Int) = panel(column).part<TextView>(id).text.toString()

    private fun panelSuggestions(column: Int) =
        listOf(R.id.panel_suggestion_1, R.id.panel_suggestion_2, R.id.panel_suggestion_3).map { panelText(column, it) }

    private fun compare() {
        view<Switch>(R.id.words_compare).performClick()
        settle()
    }

    /** What a model suggests that is alone on the screen. */
    private fun alone(position: Int, typed: String): List<String> {
        services.words.compare(false)
        services.words.choose(position)
        services.words.onText("")
        services.words.onText(typed)
        settle()
        return services.words.state.suggestions.map { it.text }
    }

    @Test
    fun twoModelsAnswerTheSameTyping() {
        start()
        val typed = "i would like to find a "
        val (first, second) = services.words.state.models.indices.last to 0
        val expected = listOf(alone(first, typed), alone(second, typed))
        services.words.choose(first)
        compare()
        assertTrue(services.words.state.isComparing)
        panel(1).part<Spinner>(R.id.panel_model).setSelection(second)
        settle()
        type(typed)
        assertEquals(expected, listOf(panelSuggestions(0), panelSuggestions(1)))
        assertEquals(View.GONE, view<View>(R.id.words_suggestions).visibility)
        val figures = services.words.state.columns.map { requireNotNull(it.figures) }
        // Both answered the same keystrokes, each of which had a time.
        assertEquals(figures[0].count, figures[1].count)
        assertTrue(figures.toString(), figures.all { it.median > 0 && it.perToken!! > 0 && it.count >= typed.length })
        val shown = Regex("Last $TIME\nMedian $TIME\np90 $TIME\nA token $TIME\nModel of [\\d.]+ [KM]B")
        for (column in 0..1) assertTrue(panelText(column, R.id.panel_figures), shown.matches(panelText(column, R.id.panel_figures)))
        // A tap on what the second one suggests inserts it; the name of its model is read out.
        val button = panel(1).part<Button>(R.id.panel_suggestion_1)
        assertEquals("Insert ${button.text}, of ${services.words.state.modelOf(1)!!.shortTitle}", button.contentDescription)
        val chosen = button.text
        button.performClick()
        settle()
        assertTrue(text(R.id.words_text), text(R.id.words_text).trim().endsWith("$chosen"))
        compare()
        assertEquals(View.VISIBLE, view<View>(R.id.words_suggestions).visibility)
        assertEquals(first, services.words.state.selected)
    }

    @Test
    fun aComparisonOutlivesTheDisplayAndTheProcess() {
        start()
        val models = services.words.state.models
        services.words.choose(models.lastIndex)
        compare()
        services.words.choose(models.lastIndex - 1, column = 1)
        type("see you to")
        val before = services.words.state.columns.map { it.suggestions }
        fun check() {
            assertTrue(view<Switch>(R.id.words_compare).isChecked)
            assertEquals("see you to", text(R.id.words_text))
            assertEquals(listOf(models.lastIndex, models.lastIndex - 1), services.words.state.columns.map { it.selected })
            assertEquals(before.map { of -> of.map { it.text } }, listOf(panelSuggestions(0), panelSuggestions(1)))
        }
        turn()
        check()
        killAndComeBack()
        check()
    }

    @Test
    fun aModelThatIsRefusedTellsItInItsColumnAndTheOtherGoesOn() {
        val good = Demo.models().filter { Demo.card(it).task == ModelTask.WORDS }
        val files = mapOf("a.tflite" to BrokenModel.withUnknownOperator(good[0].readBytes()), "b.tflite" to good[1].readBytes())
        start(Demo.Files(files))
        val broken = services.words.state.models.indexOfFirst { it.file == "a.tflite" }
        services.words.choose(1 - broken)
        compare()
        services.words.choose(broken, column = 1)
        type("see you to")
        assertTrue(panelText(1, R.id.panel_message), panelText(1, R.id.panel_message).startsWith("The model cannot be used. Expected a model that"))
        assertEquals(View.VISIBLE, panel(1).part<View>(R.id.panel_message).visibility)
        assertTrue(panelSuggestions(1).all { it.isEmpty() })
        assertEquals(View.GONE, panel(0).part<View>(R.id.panel_message).visibility)
        assertTrue(panelSuggestions(0).all { it.isNotEmpty() })
        assertTrue(services.words.state.columns[0].figures!!.count >= 10)
    }

    private fun shoot(name: String, isComparing: Boolean = false) {
        start()
        if (isComparing) compare()
        type("I would like to find a res")
        val panels = (0..1).map { panel(it).part<View>(R.id.panel_figures) }
        Screenshot.check(activity, name, FIGURES.map { view<View>(it) } + panels)
    }

    @Test
    fun compared() = shoot("words_compared", isComparing = true)

    @Test
    @Config(qualifiers = DARK_LANDSCAPE)
    fun comparedInLandscape() = shoot("words_compared_landscape", isComparing = true)

    @Test
    fun comparedInLargeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("words_compared_large_font", isComparing = true)
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

    private companion object {
        val FIGURES = listOf(R.id.words_last, R.id.words_median, R.id.words_p90, R.id.words_token)

        /** A time as a person reads it. */
        val TIME = Regex("(?:\\d+ µs|[\\d.]+ ms)")
    }
}
