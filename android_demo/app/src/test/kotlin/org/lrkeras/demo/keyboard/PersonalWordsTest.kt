package org.lrkeras.demo.keyboard

import android.text.InputType
import android.view.inputmethod.EditorInfo
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.words.PersonalWords
import java.io.File

/** What the keyboard remembers of a person, and what it never does. */
class PersonalWordsTest : KeyboardTest() {
    private fun remembered() = if (ownWords.exists()) PersonalWords.read(ownWords.readText()).beginningWith("") else emptyList()

    private fun send(message: String) {
        type(message)
        press("Send")
    }

    @Test
    fun aWordThatWasSentTwiceIsSuggestedAlsoAfterTheEndOfTheProcess() {
        services.keyboardSettings.corrects = false
        repeat(2) { send("Ask Quasimo now") }
        assertTrue(remembered().toString(), "Quasimo" in remembered())
        endProcess()
        type("Ask qua")
        assertTrue(words.toString(), words.any { it.equals("Quasimo", ignoreCase = true) })
        services.keyboardSettings.corrects = true
        openField()
        type("Ask Quasimo ")
        assertEquals("Ask Quasimo ", typed)
    }

    @Test
    fun leavingAFieldLearnsWhatWasTypedAndNotWhatStoodThere() {
        services.keyboardSettings.corrects = false
        openField(text = "Oldwordish ")
        type("newwordish ")
        openField()
        settle()
        assertEquals(listOf("newwordish"), remembered().filter { it.endsWith("wordish", ignoreCase = true) })
    }

    @Test
    fun passwordsAndPrivateFieldsTeachNothing() {
        val text = InputType.TYPE_CLASS_TEXT
        val kinds = listOf(
            text or InputType.TYPE_TEXT_VARIATION_PASSWORD,
            text or InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD,
            text or InputType.TYPE_TEXT_VARIATION_WEB_PASSWORD,
            text or InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS,
            text or InputType.TYPE_TEXT_VARIATION_URI,
        )
        for (kind in kinds) {
            openField(kind = kind)
            repeat(2) { send("hunterish ") }
            assertEquals(listOf("", "", ""), words)
        }
        openField(options = EditorInfo.IME_ACTION_SEND or EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING)
        repeat(2) { send("Hunterish x") }
        openField()
        settle()
        assertFalse(ownWords.exists())
    }

    @Test
    fun learningCanBeTurnedOffAndWordsForgotten() {
        services.keyboardSettings.learns = false
        send("Quasimo is here")
        openField()
        settle()
        assertFalse(ownWords.exists())
        services.keyboardSettings.learns = true
        send("Quasimo is here")
        assertTrue(ownWords.exists())
        services.keyboard.forgetWords {}
        settle()
        assertFalse(ownWords.exists())
    }

    @Test
    fun aDamagedFileIsKeptAndReplaced() {
        ownWords.writeText("no words at all")
        endProcess()
        send("Quasimo is here")
        assertTrue(remembered().any { it == "Quasimo" })
        assertEquals("no words at all", File(ownWords.path + ".damaged").readText())
    }
}
