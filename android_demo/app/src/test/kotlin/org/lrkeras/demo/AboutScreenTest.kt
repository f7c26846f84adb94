package org.lrkeras.demo

import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.common.AssetFiles
import org.robolectric.RuntimeEnvironment
import org.robolectric.annotation.Config

class AboutScreenTest : ScreenTest() {
    private fun open(files: ModelFiles = AssetFiles(application.assets, "models")) {
        start(files)
        click(R.id.tab_about)
    }

    private fun blocks() = view<ViewGroup>(R.id.about_models).let { list -> (0 until list.childCount).map { list.getChildAt(it) } }

    private fun View.within(id: Int): View = requireNotNull(findViewById(id))

    private fun View.shows(id: Int) = (within(id) as TextView).text.toString()

    @Test
    fun showsACardForEachModel() {
        open()
        val cards = Demo.models().map { Demo.card(it) }
        assertEquals(cards.map { it.name }.toSet(), blocks().map { it.shows(R.id.card_name) }.toSet())
        for (block in blocks()) {
            val files = cards.filter { it.name == block.shows(R.id.card_name) }
            for (card in files) assertTrue(card.sha256.take(12) in block.shows(R.id.card_details))
        }
        assertTrue(text(R.id.about_versions).endsWith(Demo.runtime))
        assertEquals(View.GONE, view<View>(R.id.about_problems).visibility)
    }

    @Test
    fun aCardIsReadOnDemand() {
        open(Demo.testFiles())
        val (words, speech) = blocks()
        assertEquals("word_prediction_tiny", words.shows(R.id.card_name))
        assertEquals(View.GONE, words.within(R.id.card_text).visibility)
        // The speech model of the tests has no card.
        assertEquals(View.GONE, speech.within(R.id.card_unfold).visibility)
        assertEquals("Read the card of word_prediction_tiny", words.within(R.id.card_unfold).contentDescription)
        words.within(R.id.card_unfold).performClick()
        controller.recreate()
        click(R.id.tab_about)
        val unfolded = blocks().first()
        assertEquals(View.VISIBLE, unfolded.within(R.id.card_text).visibility)
        assertTrue("• Licence of the weights: CC BY-SA 4.0, as the text" in unfolded.shows(R.id.card_text))
        unfolded.within(R.id.card_unfold).performClick()
        assertEquals(View.GONE, blocks().first().within(R.id.card_text).visibility)
    }

    @Test
    fun everyTrainedModelHasACardWithDataLicenceAndLimits() {
        open()
        val trained = Demo.models().map { Demo.card(it) }.filter { it.task != ModelTask.FRONT_END }
        val told = services.about.state.descriptions
        assertEquals(trained.map { it.name }.toSet(), told.keys)
        for (text in told.values) for (part in listOf("Data", "Licence", "Limits")) assertTrue(text, "• $part" in text)
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
        open(Demo.testFiles())
        blocks().first().within(R.id.card_unfold).performClick()
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
