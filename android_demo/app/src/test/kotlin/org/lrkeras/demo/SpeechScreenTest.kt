package org.lrkeras.demo

import android.Manifest
import android.content.pm.PackageManager
import android.view.MotionEvent
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertTrue
import org.junit.Before
import org.junit.Test
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.common.AssetFiles
import org.lrkeras.demo.speech.AudioException
import org.lrkeras.demo.speech.WaveformView
import org.lrkeras.demo.common.part
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config

class SpeechScreenTest : ScreenTest() {
    private val microphones = ArrayList<FakeMicrophone>()

    @Before
    fun countMicrophones() {
        microphone = { FakeMicrophone(loudness = 8000).also { microphones += it } }
    }

    private fun open(files: ModelFiles = AssetFiles(application.assets, "models")) {
        start(files)
        click(R.id.tab_speech)
    }

    private fun allow() = shadowOf(application).grantPermissions(Manifest.permission.RECORD_AUDIO)

    private fun touch(action: Int) {
        val event = MotionEvent.obtain(0, 0, action, 10f, 10f, 0)
        view<Button>(R.id.speech_hold).dispatchTouchEvent(event)
        event.recycle()
    }

    @Test
    fun playsARecordingToTheModel() {
        open()
        val clips = view<Spinner>(R.id.speech_clip)
        assertEquals(services.speech.state.clips.size, clips.count)
        assertTrue(clips.count >= 5)
        val model = requireNotNull(services.speech.state.model)
        val golden = Demo.golden(model.file.removeSuffix(".tflite"))
        clips.setSelection(services.speech.state.clips.indexOf((golden["clip"] as String).removeSuffix(".wav")))
        settle()
        view<Button>(R.id.speech_play).performClick()
        assertTrue(services.speech.state.isListening)
        until("the end of the recording") { !services.speech.state.isListening }
        assertEquals(heard(golden, model), services.speech.state.text)
        assertTrue("Expected a model that hears its golden recording.", services.speech.state.text.isNotEmpty())
        val figures = requireNotNull(services.speech.state.figures)
        assertTrue(figures.toString(), figures.realTimeFactor > 0 && figures.endToText!! >= 0 && figures.model > 0 && figures.decoder > 0)
        // The front end has a file of its own beside the models, and takes a part of their time.
        assertTrue(figures.toString(), figures.frontEnd!! > 0 && figures.frontEnd!! < figures.model)
        assertEquals(figures.model - figures.frontEnd!!, figures.network!!, 1e-9)
        val told = Regex("End of word to text (?:\\d+ µs|[\\d.]+ ms) · busy [\\d.]+ % of the time")
        assertTrue(text(R.id.speech_figures), told.matches(text(R.id.speech_figures)))
        val stages = view<View>(R.id.speech_stages).contentDescription.toString()
        assertEquals(stages, listOf("Front end", "Network", "Samples and search"), stages.split("; ").map { it.substringBefore(':') })
        // A second of sound and the silence behind it, each hop with its peak.
        val peaks = view<WaveformView>(R.id.speech_waveform).peaks
        assertEquals(70, peaks.size)
        assertTrue(peaks.take(50).max() > 0.05f && peaks.takeLast(20).all { it == 0f })
        assertEquals(View.GONE, view<View>(R.id.speech_message).visibility)
    }

    /** What CTC makes of the likeliest outputs that Python found: repetitions merged, blanks and unknown words dropped. */
    private fun heard(golden: Map<*, *>, model: ModelCard): String {
        val blank = model.details.int("blank")
        val names = model.details.texts("labels").toMutableList().apply { add(blank, "") }
        val best = (golden["best"] as List<*>).map { names[(it as Long).toInt()] }
        return best.filterIndexed { step, name -> step == 0 || name != best[step - 1] }.filter { it !in listOf("", "<unknown>") }.joinToString(" ")
    }

    @Test
    fun withoutAFileOfTheFrontEndThereIsOneFigureOfTheModel() {
        open(Demo.testFiles())
        view<Button>(R.id.speech_play).performClick()
        until("the end of the recording") { !services.speech.state.isListening }
        assertNull(services.speech.state.figures!!.frontEnd)
        assertTrue("Front end and network: " in view<View>(R.id.speech_stages).contentDescription)
    }

    /** Plays the recording of a word to the end. */
    private fun play(word: String) {
        services.speech.chooseClip(services.speech.state.clips.indexOf(word))
        view<Button>(R.id.speech_play).performClick()
        until("the end of the recording") { !services.speech.state.isListening }
    }

    private val figures get() = listOf(R.id.speech_stages, R.id.speech_figures).map { view<View>(it) }

    @Test
    fun showsWhatWasHeard() {
        open()
        play("yes")
        Screenshot.check(activity, "speech_heard", figures)
    }

    private fun panel(column: Int): View = view(listOf(R.id.speech_panel_1, R.id.speech_panel_2)[column])

    private fun panelText(column: Int, id: Int) = panel(column).part<TextView>(id).text.toString()

    private fun compare() {
        view<Switch>(R.id.speech_compare).performClick()
        settle()
    }

    private fun shootCompared(name: String) {
        open()
        compare()
        play("yes")
        val measured = (0..1).flatMap { column -> listOf(R.id.panel_stages, R.id.panel_figures).map { panel(column).part<View>(it) } }
        Screenshot.check(activity, name, measured)
    }

    @Test
    fun compared() = shootCompared("speech_compared")

    @Test
    fun comparedInLargeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shootCompared("speech_compared_large_font")
    }

    @Test
    @Config(qualifiers = DARK_LANDSCAPE)
    fun comparedInLandscape() = shootCompared("speech_compared_landscape")

    @Test
    fun twoModelsHearTheSameRecording() {
        open()
        val heard = (0..1).map { position ->
            services.speech.choose(position)
            play("yes")
            services.speech.state.text
        }
        services.speech.choose(0)
        compare()
        play("yes")
        assertEquals(heard, (0..1).map { panelText(it, R.id.panel_text) })
        assertEquals(listOf(0, 1), services.speech.state.columns.map { it.selected })
        for (column in 0..1) {
            val found = requireNotNull(services.speech.state.columns[column].figures)
            assertTrue(found.toString(), found.model > 0 && found.realTimeFactor > 0 && found.frontEnd!! > 0)
            assertTrue(panelText(column, R.id.panel_figures), panelText(column, R.id.panel_figures).startsWith("Word to text "))
        }
        compare()
        assertEquals("", services.speech.state.text)
    }

    @Test
    fun twoModelsHearTheMicrophone() {
        allow()
        open()
        compare()
        view<Button>(R.id.speech_hold).performClick()
        until("sound") { services.speech.state.columns.all { it.figures != null } }
        view<Button>(R.id.speech_hold).performClick()
        until("silence") { !services.speech.state.isListening }
        // One microphone for both.
        assertTrue(microphones.single().isClosed)
        microphone = { throw AudioException("another app uses it") }
        view<Button>(R.id.speech_hold).performClick()
        until("the end") { !services.speech.state.isListening }
        assertTrue(text(R.id.speech_message), "another app uses it" in text(R.id.speech_message))
    }

    @Test
    fun aComparisonOutlivesTheDisplayAndTheProcess() {
        open()
        compare()
        services.speech.choose(2, column = 1)
        play("yes")
        val texts = (0..1).map { panelText(it, R.id.panel_text) }
        fun check() {
            assertTrue(view<Switch>(R.id.speech_compare).isChecked)
            assertEquals(listOf(0, 2), services.speech.state.columns.map { it.selected })
            assertEquals(texts, (0..1).map { panelText(it, R.id.panel_text) })
        }
        turn()
        check()
        killAndComeBack()
        check()
    }

    @Test
    fun aModelThatIsRefusedTellsItInItsColumnAndTheOtherGoesOn() {
        val good = Demo.models().first { Demo.card(it).task == ModelTask.SPEECH }.readBytes()
        open(Demo.Files(mapOf("a.tflite" to BrokenModel.withUnknownOperator(good), "b.tflite" to good)))
        val broken = services.speech.state.models.indexOfFirst { it.file == "a.tflite" }
        compare()
        services.speech.choose(broken, column = 1)
        services.speech.choose(1 - broken, column = 0)
        play("yes")
        assertTrue(panelText(1, R.id.panel_message), panelText(1, R.id.panel_message).startsWith("The model cannot be used. Expected a model that"))
        assertEquals(View.GONE, panel(0).part<View>(R.id.panel_message).visibility)
        assertEquals(services.speech.state.text, panelText(0, R.id.panel_text))
        assertTrue(services.speech.state.figures!!.model > 0)
    }

    @Test
    fun listensWhileTheButtonIsHeld() {
        allow()
        open()
        touch(MotionEvent.ACTION_DOWN)
        until("sound") { services.speech.state.level > -13 }
        // 8000 of 32768: 20 log10(0.2441) = -12.25 dB.
        assertEquals(-12.25, services.speech.state.level, 0.01)
        assertEquals("Release to stop", text(R.id.speech_hold))
        touch(MotionEvent.ACTION_UP)
        until("silence") { !services.speech.state.isListening }
        assertTrue(microphones.single().isClosed)
        assertEquals("Hold to talk", text(R.id.speech_hold))
    }

    @Test
    fun whoCannotHoldStartsAndStops() {
        allow()
        open()
        view<Button>(R.id.speech_hold).performClick()
        until("sound") { services.speech.state.level > -13 }
        view<Button>(R.id.speech_hold).performClick()
        until("silence") { !services.speech.state.isListening }
        assertTrue(microphones.single().isClosed)
    }

    @Test
    fun asksForTheMicrophoneAndExplainsARefusal() {
        open()
        touch(MotionEvent.ACTION_DOWN)
        touch(MotionEvent.ACTION_UP)
        val asked = shadowOf(activity).lastRequestedPermission
        assertEquals(listOf(Manifest.permission.RECORD_AUDIO), asked.requestedPermissions.toList())
        val answer = intArrayOf(PackageManager.PERMISSION_DENIED)
        shadowOf(application.packageManager).setShouldShowRequestPermissionRationale(Manifest.permission.RECORD_AUDIO, true)
        activity.onRequestPermissionsResult(asked.requestCode, asked.requestedPermissions, answer)
        assertTrue(text(R.id.speech_message), "Hold the button again" in text(R.id.speech_message))
        shadowOf(application.packageManager).setShouldShowRequestPermissionRationale(Manifest.permission.RECORD_AUDIO, false)
        activity.onRequestPermissionsResult(asked.requestCode, asked.requestedPermissions, answer)
        assertTrue(text(R.id.speech_message), "system settings" in text(R.id.speech_message))
        assertEquals(0, microphones.size)
        assertTrue(view<Button>(R.id.speech_play).isEnabled)
        Screenshot.check(activity, "speech_refused")
    }

    @Test
    fun aMicrophoneThatIsTakenAwayIsToldAndAnotherCanBeTried() {
        allow()
        microphone = { FakeMicrophone(hopsUntilLost = 10).also { microphones += it } }
        open()
        touch(MotionEvent.ACTION_DOWN)
        until("the end") { !services.speech.state.isListening }
        assertEquals("The microphone cannot be used: it was taken away (-6). What was heard before is kept.", text(R.id.speech_message))
        assertTrue(microphones.single().isClosed)
        microphone = { throw AudioException("another app uses it") }
        touch(MotionEvent.ACTION_DOWN)
        until("the end") { !services.speech.state.isListening }
        assertTrue("another app uses it" in text(R.id.speech_message))
        microphone = { FakeMicrophone().also { microphones += it } }
        touch(MotionEvent.ACTION_DOWN)
        until("sound") { microphones.size == 2 && microphones[1].hops > 3 }
        assertEquals(View.GONE, view<View>(R.id.speech_message).visibility)
        touch(MotionEvent.ACTION_CANCEL)
        until("silence") { !services.speech.state.isListening }
    }

    @Test
    fun leavingTheScreenStopsListening() {
        allow()
        open()
        touch(MotionEvent.ACTION_DOWN)
        until("sound") { microphones.isNotEmpty() && microphones[0].hops > 3 }
        view<Button>(R.id.tab_words).performClick()
        until("silence") { !services.speech.state.isListening }
        assertTrue(microphones[0].isClosed)
    }

    @Test
    fun theEndOfTheProcessKeepsScreenAndText() {
        open()
        services.speech.restore(services.speech.chosen(), listOf("yes no"))
        killAndComeBack()
        assertEquals(View.VISIBLE, view<View>(R.id.speech_text).visibility)
        assertTrue(view<Button>(R.id.tab_speech).isSelected)
        assertEquals("yes no", text(R.id.speech_text))
    }

    @Test
    fun withoutModelsThereIsAMessage() {
        start(Demo.Files(emptyMap()))
        click(R.id.tab_speech)
        assertEquals("This build has no model for this screen.", text(R.id.speech_message))
        assertFalse(view<Button>(R.id.speech_hold).isEnabled)
        assertFalse(view<Button>(R.id.speech_play).isEnabled)
    }

    private fun shoot(name: String) {
        open()
        Screenshot.check(activity, name)
    }

    @Test
    fun light() = shoot("speech_light")

    @Test
    @Config(qualifiers = DARK)
    fun dark() = shoot("speech_dark")

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape() = shoot("speech_landscape")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("speech_large_font")
    }
}
