package org.lrkeras.demo.keyboard

import android.text.InputType
import android.view.View
import android.view.inputmethod.EditorInfo
import android.widget.Button
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.Demo
import org.lrkeras.demo.HeldRuntime
import org.lrkeras.demo.R
import org.lrkeras.demo.ScreenTest
import org.robolectric.shadows.ShadowLooper

class TypingTest : KeyboardTest() {
    @Test
    fun wholeMessagesAreTyped() {
        val message = "I would like to see you on Monday, at 10 or 11. Is that OK?"
        services.keyboardSettings.corrects = false
        type(message)
        assertEquals(message, typed)
        press("Send")
        assertEquals(listOf(message), sent)
        assertEquals("", typed)
    }

    @Test
    fun suggestionsCompleteAWordAndDeleteTakesThemBack() {
        type("I would li")
        assertTrue(words.toString(), "like" in words)
        tapWord(words.indexOf("like"))
        assertEquals("I would like ", typed)
        press("Delete")
        assertEquals("I would li", typed)
        // Only right behind it: now a letter goes.
        press("Delete")
        assertEquals("I would l", typed)
    }

    @Test
    fun theBlankOfASuggestionMakesRoomForAMarkAndIsNotDoubled() {
        type("See you tom")
        tapWord(words.indexOf("tomorrow"))
        press("Full stop")
        assertEquals("See you tomorrow. ", typed)
        press("Space")
        assertEquals("See you tomorrow. ", typed)
        type("O")
        assertEquals("See you tomorrow. O", typed)
    }

    @Test
    fun anErrorIsCorrectedByTheBlankAndDeleteBringsItBack() {
        type("I would lkie")
        assertEquals(listOf("“lkie”", "like"), words.take(2))
        press("Space")
        assertEquals("I would like ", typed)
        press("Delete")
        assertEquals("I would lkie", typed)
        // It was meant: it is not corrected a second time.
        press("Space")
        assertEquals("I would lkie ", typed)
    }

    @Test
    fun aMarkCorrectsAsWellAndAWordCanBeKept() {
        type("This is what I lkie.")
        assertEquals("This is what I like.", typed)
        openField()
        type("I would lkie")
        tapWord(0)
        assertEquals("I would lkie ", typed)
    }

    @Test
    fun correctionCanBeTurnedOff() {
        services.keyboardSettings.corrects = false
        type("I would lkie ")
        assertEquals("I would lkie ", typed)
    }

    @Test
    fun deleteTakesAWholeCharacterAndTheSelection() {
        openField(text = "ok 👍🏽")
        press("Delete")
        assertEquals("ok ", typed)
        target.setSelection(0, 2)
        tellKeyboard()
        press("Delete")
        assertEquals(" ", typed)
        press("Delete")
        assertEquals(" ", typed)
    }

    @Test
    fun deletingAcrossASuggestionIsOrdinary() {
        type("See you tom")
        tapWord(words.indexOf("tomorrow"))
        type("x")
        repeat(3) { press("Delete") }
        assertEquals("See you tomorro", typed)
        assertTrue(words.toString(), "tomorrow" in words)
    }

    @Test
    fun aHeldKeyOffersItsAccents() {
        services.keyboardSettings.corrects = false
        type("caf")
        find("e")!!.performLongClick()
        val choices = part<android.view.ViewGroup>(R.id.keyboard_choices)
        assertEquals("3èéêëēėę".toList().map { "$it" }, (0 until choices.childCount).map { (choices.getChildAt(it) as Button).text })
        choices.getChildAt(2).performClick()
        tellKeyboard()
        assertEquals("café", typed)
        assertEquals(View.GONE, choices.visibility)
        find("e")!!.performLongClick()
        press("s")
        assertEquals("cafés", typed)
        assertEquals(View.VISIBLE, part<View>(R.id.keyboard_words).visibility)
    }

    @Test
    fun shiftIsForALetterOrLocked() {
        openField(kind = InputType.TYPE_CLASS_TEXT)
        press("Shift")
        press("A")
        press("b")
        press("Shift")
        press("Shift, on")
        assertTrue(has("Caps lock, on"))
        press("C")
        press("D")
        press("Caps lock, on")
        press("e")
        assertEquals("AbCDe", typed)
    }

    @Test
    fun sentencesBeginWithACapitalUnlessThePersonSaysNo() {
        for (key in listOf("O", "k", "Full stop", "Space", "S")) press(key)
        assertEquals("Ok. S", typed)
        services.keyboardSettings.capitalises = false
        openField()
        assertTrue(has("a"))
    }

    @Test
    fun fieldsGetTheKeysThatTheyAskFor() {
        openField(kind = InputType.TYPE_CLASS_NUMBER)
        assertEquals("123-456+789/.0".toList().map { "$it" }, keys().filter { it.key.action == null }.map { it.key.text })
        openField(kind = InputType.TYPE_CLASS_PHONE)
        assertTrue(has("#"))
        openField(kind = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_VARIATION_EMAIL_ADDRESS, options = EditorInfo.IME_ACTION_NEXT)
        type("me@")
        assertTrue(has("Next field"))
        assertEquals(listOf("", "", ""), words)
        openField(options = EditorInfo.IME_ACTION_SEND or EditorInfo.IME_FLAG_NO_ENTER_ACTION, kind = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_MULTI_LINE)
        type("a\nb")
        assertEquals("a\nb", typed)
    }

    @Test
    fun turningKeepsTheText() {
        type("See you to")
        val before = words
        turn(ScreenTest.LANDSCAPE)
        assertEquals("See you to", typed)
        assertEquals(before, words)
        type("m")
        assertEquals("See you tom", typed)
    }

    @Test
    fun theCursorInTheMiddleOfAWordIsRespected() {
        openField(text = "i want to bo a table")
        target.setSelection(12)
        tellKeyboard()
        val chosen = words[0]
        tapWord(0)
        assertEquals("i want to $chosen a table", typed)
        // A blank in the middle of a word splits it and corrects nothing.
        openField(text = "lkieable")
        target.setSelection(4)
        tellKeyboard()
        press("Space")
        assertEquals("lkie able", typed)
    }

    @Test
    fun keysDoNotWaitForTheModel() {
        val runtime = HeldRuntime()
        begin(runtime = runtime)
        type("I would")
        runtime.hold()
        // The blank costs the model a step.
        for (name in listOf("Space", "l", "i")) {
            check(find(name)!!.performClick())
            keyboard.get().onUpdateSelection(0, 0, target.selectionStart, target.selectionEnd, -1, -1)
            ShadowLooper.idleMainLooper()
        }
        assertEquals("I would li", typed)
        assertFalse(words.toString(), "like" in words)
        runtime.letGo()
        settle()
        assertTrue(words.toString(), "like" in words)
    }

    @Test
    fun aModelThatFailsLeavesTheKeysAtWork() {
        begin(Demo.Files(emptyMap()))
        type("hello")
        assertEquals("hello", typed)
        assertEquals("This build has no model for this screen.", part<android.widget.TextView>(R.id.keyboard_message).text.toString())
    }

    @Test
    fun theStripShowsTimesAndTakesTheNextModel() {
        type("how are")
        val strip = part<Button>(R.id.keyboard_figures)
        val first = services.keyboard.state.model!!
        // The best one, where nobody chose.
        assertEquals(Demo.models().first { Demo.card(it).task == ModelTask.WORDS }.name, first.file)
        assertTrue(strip.text.toString(), Regex("Last [\\d.]+ ms · median [\\d.]+ ms · p90 [\\d.]+ ms · .*").matches(strip.text))
        strip.performClick()
        settle()
        val second = services.keyboard.state.model!!
        assertFalse(first === second)
        assertTrue(strip.text.toString().endsWith(second.shortTitle))
        assertEquals(second.file, services.keyboardSettings.model)
        services.keyboardSettings.showsLatency = false
        openField()
        assertEquals(View.GONE, strip.visibility)
    }
}
