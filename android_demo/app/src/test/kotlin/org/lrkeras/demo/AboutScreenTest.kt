package org.lrkeras.demo

import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

class AboutScreenTest : ScreenTest() {
    private fun open() {
        start()
        click(R.id.tab_about)
    }

    @Test
    fun showsACardForEachModel() {
        open()
        val list = view<ViewGroup>(R.id.about_models)
        val names = (0 until list.childCount).map { list.getChildAt(it).findViewById<TextView>(R.id.card_name)!!.text.toString() }
        assertEquals(Demo.models().map { it.nameWithoutExtension }.toSet(), names.toSet())
        assertTrue(text(R.id.about_versions).endsWith("TensorFlow Lite 2.16.1"))
        assertEquals(View.GONE, view<View>(R.id.about_problems).visibility)
    }

    @Test
    fun filesThatCannotBeUsedAreTold() {
        val good = Demo.models().first()
        start(Demo.Files(mapOf("gone.tflite" to null, "good.tflite" to good.readBytes(), "half.tflite" to good.readBytes().copyOf(3000))))
        click(R.id.tab_about)
        assertEquals(1, view<ViewGroup>(R.id.about_models).childCount)
        val told = text(R.id.about_problems).lines()
        assertTrue(told[0], told[0].startsWith("gone.tflite: Expected a readable file"))
        assertTrue(told[1], told[1].startsWith("half.tflite: Expected a whole .tflite model"))
    }

    private fun shoot(name: String) {
        open()
        Screenshot.check(activity, name)
    }

    @Test
    fun light() = shoot("about_light")

    @Test
    @Config(qualifiers = DARK)
    fun dark() = shoot("about_dark")

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape() = shoot("about_landscape")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("about_large_font")
    }
}
