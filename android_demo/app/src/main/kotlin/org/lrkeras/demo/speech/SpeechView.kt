package org.lrkeras.demo.speech

import android.Manifest
import android.annotation.SuppressLint
import android.app.Activity
import android.content.pm.PackageManager
import android.view.MotionEvent
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.lrkeras.demo.R
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.tell

/** A button to speak into, recordings to play instead, and the words that were recognised. */
class SpeechView(private val activity: Activity, private val root: View, private val controller: SpeechController) : Screen {
    private val text = root.part<TextView>(R.id.speech_text)
    private val waveform = root.part<WaveformView>(R.id.speech_waveform)
    private val stages = root.part<StageBars>(R.id.speech_stages)
    private val compare = root.part<Switch>(R.id.speech_compare)
    private val hold = root.part<Button>(R.id.speech_hold)
    private val play = root.part<Button>(R.id.speech_play)
    private val message = root.part<TextView>(R.id.speech_message)
    private val figures = root.part<TextView>(R.id.speech_figures)
    private val models = ModelPicker(root.part<Spinner>(R.id.speech_model)) { controller.choose(it) }
    private val clips = ModelPicker(root.part<Spinner>(R.id.speech_clip), controller::chooseClip)
    private val panels = listOf(R.id.speech_panel_1, R.id.speech_panel_2).mapIndexed { column, id ->
        SpeechPanel(root.part(id), column) { controller.choose(it, column) }
    }
    private val show = ::render

    init {
        // What was chosen is the controller's: a switch that is restored must not choose.
        compare.isSaveEnabled = false
        compare.setOnCheckedChangeListener { _, isOn -> controller.compare(isOn) }
        listenToTouches()
        // What a screen reader, a keyboard or a switch does: it cannot hold, so it starts and stops.
        hold.setOnClickListener { if (controller.state.isListening) controller.stop() else listen() }
        play.setOnClickListener { controller.playClip() }
        controller.observe(show)
        controller.start()
    }

    override fun onHide() = controller.stop()

    override fun onDestroy() = controller.forget(show)

    /** What a person answered to the question about the microphone. */
    fun onPermission(isGranted: Boolean) {
        // The finger has left the button long since: granted, it waits for the next touch.
        if (!isGranted) controller.onPermissionRefused(!activity.shouldShowRequestPermissionRationale(Manifest.permission.RECORD_AUDIO))
    }

    // A touch is a hold; performClick belongs to those who cannot hold.
    @SuppressLint("ClickableViewAccessibility")
    private fun listenToTouches() = hold.setOnTouchListener { button, event ->
        when (event.actionMasked) {
            MotionEvent.ACTION_DOWN -> {
                button.isPressed = true
                listen()
            }
            MotionEvent.ACTION_UP, MotionEvent.ACTION_CANCEL -> {
                button.isPressed = false
                controller.stop()
            }
        }
        true
    }

    private fun listen() {
        val granted = activity.checkSelfPermission(Manifest.permission.RECORD_AUDIO) == PackageManager.PERMISSION_GRANTED
        if (granted) controller.listen() else activity.requestPermissions(arrayOf(Manifest.permission.RECORD_AUDIO), REQUEST)
    }

    private fun render(state: SpeechState) {
        val resources = root.resources
        if (compare.isChecked != state.isComparing) compare.isChecked = state.isComparing
        compare.isEnabled = state.models.size > 1
        for (id in SINGLE) root.part<View>(id).visibility = if (state.isComparing) View.GONE else View.VISIBLE
        root.part<View>(R.id.speech_panels).visibility = if (state.isComparing) View.VISIBLE else View.GONE
        models.show(state.models.map { it.shortTitle }, state.selected)
        clips.show(state.clips, state.selectedClip)
        text.text = state.text.ifEmpty { resources.getString(if (state.isListening) R.string.speech_listening else R.string.speech_nothing) }
        waveform.peaks = state.peaks
        hold.setText(if (state.isListening) R.string.speech_release else R.string.speech_hold)
        hold.isEnabled = state.model != null
        play.isEnabled = state.model != null && !state.isListening && state.clips.isNotEmpty()
        message.tell(state.notice ?: if (state.isComparing) null else state.columns[0].message)
        figures.text = state.figures?.let { described(it) } ?: resources.getString(R.string.speech_figures_none)
        stages.show(state.figures, StageBars.longest(listOf(state.figures)))
        panels.forEach { it.show(state) }
    }

    private fun described(figures: SpeechFigures): String {
        val resources = root.resources
        val latency = figures.endToText?.let { TimeText.of(it).read(resources) } ?: resources.getString(R.string.unknown)
        return resources.getString(R.string.speech_figures, latency, 100 * figures.realTimeFactor)
    }

    companion object {
        /** Number of the question about the microphone. */
        const val REQUEST = 1

        /** What belongs to one model alone. */
        private val SINGLE = listOf(R.id.speech_model, R.id.speech_text, R.id.speech_costs)
    }
}
