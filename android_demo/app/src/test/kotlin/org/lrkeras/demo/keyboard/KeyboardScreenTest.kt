package org.lrkeras.demo.keyboard

import android.os.SystemClock
import android.view.MotionEvent
import android.view.View
import android.widget.Button
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.demo.Demo
import org.lrkeras.demo.R
import org.lrkeras.demo.ScreenTest
import org.lrkeras.demo.Screenshot
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLooper
import java.util.concurrent.TimeUnit

/** How the keyboard looks, and what is read aloud. */
class KeyboardScreenTest : KeyboardTest() {
    private fun shoot(name: String, message: String = "I would like to find a res") {
        begin(Demo.testFiles())
        services.keyboardSettings.corrects = false
        type(message)
        check(name)
    }

    private fun check(name: String) = Screenshot.check(host.get(), name, listOf(part<Button>(R.id.keyboard_figures)))

    @Test
    fun everyKeyCanBeReadAloudAndIsLargeEnough() {
        for (layout in listOf("Digits and symbols", "More symbols", "Letters")) {
            press(layout)
            for (key in keys()) {
                assertTrue("${key.key}", key.contentDescription.isNotBlank())
                assertTrue("${key.key}", key.height >= 48 * view.resources.displayMetrics.density)
            }
        }
        val targets = descendants(view).filter { it.isClickable && it.visibility == View.VISIBLE && it !is KeyButton }
        assertTrue(targets.all { !it.contentDescription.isNullOrEmpty() || it is Button })
    }

    @Test
    fun aSecondThumbDoesNotChangeTheOrder() {
        val (first, second) = find("Q")!! to find("W")!!
        touch(first, MotionEvent.ACTION_DOWN)
        touch(second, MotionEvent.ACTION_DOWN)
        touch(second, MotionEvent.ACTION_UP)
        touch(first, MotionEvent.ACTION_UP)
        settle()
        assertEquals("qw", typed.lowercase())
    }

    @Test
    fun deleteGoesOnWhileItIsHeld() {
        services.keyboardSettings.corrects = false
        type("a long text")
        val delete = find("Delete")!!
        touch(delete, MotionEvent.ACTION_DOWN)
        assertEquals("a long tex", typed)
        ShadowLooper.idleMainLooper(700, TimeUnit.MILLISECONDS)
        touch(delete, MotionEvent.ACTION_UP)
        val left = typed
        assertTrue(left, left.length in 2..6)
        ShadowLooper.idleMainLooper(700, TimeUnit.MILLISECONDS)
        assertEquals(left, typed)
    }

    private fun touch(key: View, action: Int) {
        val event = MotionEvent.obtain(0, SystemClock.uptimeMillis(), action, key.width / 2f, key.height / 2f, 0)
        key.dispatchTouchEvent(event)
        ShadowLooper.idleMainLooper()
    }

    @Test
    fun light() = shoot("keyboard_light")

    @Test
    fun correcting() {
        type("I would lkie")
        check("keyboard_correcting")
    }

    @Test
    fun symbols() {
        begin(Demo.testFiles())
        press("Digits and symbols")
        check("keyboard_symbols")
    }

    @Test
    @Config(qualifiers = ScreenTest.DARK)
    fun dark() = shoot("keyboard_dark")

    @Test
    @Config(qualifiers = ScreenTest.LANDSCAPE)
    fun landscape() = shoot("keyboard_landscape")

    @Test
    @Config(qualifiers = "sw800dp-w800dp-h1280dp-xlarge-port-notnight-mdpi")
    fun tablet() = shoot("keyboard_tablet")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("keyboard_large_font")
    }
}
