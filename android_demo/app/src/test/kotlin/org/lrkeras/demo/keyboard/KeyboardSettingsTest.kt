package org.lrkeras.demo.keyboard

import android.app.AlertDialog
import android.content.Intent
import android.net.Uri
import android.provider.Settings
import android.view.inputmethod.InputMethodInfo
import android.view.inputmethod.InputMethodManager
import android.widget.Button
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.demo.Demo
import org.lrkeras.demo.R
import org.lrkeras.demo.ScreenTest
import org.lrkeras.demo.Screenshot
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowDialog
import java.io.ByteArrayOutputStream

class KeyboardSettingsTest : KeyboardTest() {
    private lateinit var screen: ActivityController<KeyboardSettingsActivity>

    private fun open() {
        screen = Robolectric.buildActivity(KeyboardSettingsActivity::class.java).setup()
        settle()
    }

    private fun <V : android.view.View> on(id: Int): V = requireNotNull(screen.get().findViewById<V>(id))

    @Test
    fun leadsThroughAllowingAndChoosing() {
        open()
        assertEquals("1. Allow it in the system settings", on<Button>(R.id.keyboard_enable).text)
        assertFalse(on<Button>(R.id.keyboard_choose).isEnabled)
        on<Button>(R.id.keyboard_enable).performClick()
        assertEquals(Settings.ACTION_INPUT_METHOD_SETTINGS, shadowOf(screen.get()).nextStartedActivity.action)
        val manager = application.getSystemService(InputMethodManager::class.java)
        shadowOf(manager).setEnabledInputMethodInfoList(listOf(InputMethodInfo(application.packageName, WordKeyboard::class.java.name, "lrkeras", null)))
        screen.get().onWindowFocusChanged(true)
        settle()
        assertEquals("1. Allowed ✓", on<Button>(R.id.keyboard_enable).text)
        assertTrue(on<Button>(R.id.keyboard_choose).isEnabled)
        Settings.Secure.putString(application.contentResolver, Settings.Secure.DEFAULT_INPUT_METHOD, "org.lrkeras.demo/.keyboard.WordKeyboard")
        screen.pause().resume()
        assertEquals("2. Chosen ✓", on<Button>(R.id.keyboard_choose).text)
    }

    @Test
    fun whatIsSetIsKept() {
        open()
        for (id in listOf(R.id.keyboard_corrects, R.id.keyboard_capitalises, R.id.keyboard_learns, R.id.keyboard_shows_latency)) on<Switch>(id).performClick()
        on<Spinner>(R.id.keyboard_model).setSelection(1)
        settle()
        val kept = KeyboardSettings.of(application)
        assertEquals(listOf(false, false, false, false), listOf(kept.corrects, kept.capitalises, kept.learns, kept.showsLatency))
        assertEquals(services.keyboard.state.models[1].file, kept.model)
        endProcess()
        assertEquals(kept.model, services.keyboard.state.model?.file)
    }

    @Test
    fun ownWordsAreSavedWhereThePersonSaysAndForgotten() {
        repeat(2) {
            type("Ask Quasimo now")
            press("Send")
        }
        open()
        assertEquals("3 words are remembered", on<TextView>(R.id.keyboard_words_count).text.split(",")[0])
        on<Button>(R.id.keyboard_export).performClick()
        val asked = shadowOf(screen.get()).nextStartedActivityForResult
        assertEquals(Intent.ACTION_CREATE_DOCUMENT, asked.intent.action)
        val (uri, saved) = Uri.parse("content://documents/words") to ByteArrayOutputStream()
        shadowOf(application.contentResolver).registerOutputStream(uri, saved)
        shadowOf(screen.get()).receiveResult(asked.intent, android.app.Activity.RESULT_OK, Intent().setData(uri))
        settle()
        assertEquals("Saved.", on<TextView>(R.id.keyboard_told).text)
        assertEquals(ownWords.readText(), saved.toString())
        on<Button>(R.id.keyboard_clear).performClick()
        (ShadowDialog.getLatestDialog() as AlertDialog).getButton(AlertDialog.BUTTON_NEGATIVE).performClick()
        settle()
        assertTrue(ownWords.exists())
        on<Button>(R.id.keyboard_clear).performClick()
        (ShadowDialog.getLatestDialog() as AlertDialog).getButton(AlertDialog.BUTTON_POSITIVE).performClick()
        settle()
        assertFalse(ownWords.exists())
        assertTrue(on<TextView>(R.id.keyboard_words_count).text.startsWith("0 words"))
    }

    private fun shoot(name: String) {
        begin(Demo.testFiles())
        open()
        Screenshot.check(screen.get(), name)
    }

    @Test
    fun light() = shoot("keyboard_settings_light")

    @Test
    @Config(qualifiers = ScreenTest.DARK)
    fun dark() = shoot("keyboard_settings_dark")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("keyboard_settings_large_font")
    }
}
