package org.lrkeras.demo.speech

import android.Manifest
import android.annotation.SuppressLint
import android.app.Activity
import android.content.pm.PackageManager
import android.view.MotionEvent
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import org.lrkeras.demo.R
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.part

/** A button to speak into, recordings to play instead, and the words that were recognised. */
class SpeechView(private val activity: Activity, private val root: View, private val controller: SpeechController) : Screen {
    private val text = root.part<TextView>(R.id.speech_text)
    private val level = root.part<LevelView>(R.id.speech_level)
    private val hold = root.part<Button>(R.id.speech_hold)
    private val play = root.part<Button>(R.id.speech_play)
    private val message = root.part<TextView>(R.id.speech_message)
    private val figures = root.part<TextView>(R.id.speech_figures)
    private val models = ModelPicker(root.part<Spinner>(R.id.speech_model), controller::choose)
    private val clips = ModelPicker(root.part<Spinner>(R.id.speech_clip), controller::chooseClip)
    private val show = ::render

    init {
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
        models.show(state.models.map { it.shortTitle }, state.selected)
        clips.show(state.clips, state.selectedClip)
        text.text = state.text.ifEmpty { resources.getString(if (state.isListening) R.string.speech_listening else R.string.speech_nothing) }
        level.level = state.level
        hold.setText(if (state.isListening) R.string.speech_release else R.string.speech_hold)
        hold.isEnabled = state.model != null
        play.isEnabled = state.model != null && !state.isListening && state.clips.isNotEmpty()
        message.text = state.message?.read(resources)
        message.visibility = if (state.message == null) View.GONE else View.VISIBLE
        figures.text = state.figures?.let { described(it) } ?: resources.getString(R.string.speech_figures_none)
    }

    private fun described(figures: SpeechFigures): String {
        val resources = root.resources
        val latency = figures.endToText?.let { resources.getString(R.string.milliseconds, it) } ?: resources.getString(R.string.unknown)
        val frontEnd = figures.frontEnd
        val network = figures.network
        val model = if (frontEnd != null && network != null) {
            resources.getString(R.string.speech_parts, frontEnd, network)
        } else {
            resources.getString(R.string.speech_whole, figures.model)
        }
        return resources.getString(R.string.speech_figures, figures.realTimeFactor, latency, figures.input, model, figures.decoder)
    }

    companion object {
        /** Number of the question about the microphone. */
        const val REQUEST = 1
    }
}
