package org.lrkeras.demo.speech

import android.view.View
import android.widget.Spinner
import android.widget.TextView
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.tell

/** One of two models that are compared: what it heard and what that took, or why it cannot be used. */
class SpeechPanel(private val root: View, private val column: Int, onModel: (Int) -> Unit) {
    private val picker = ModelPicker(root.part<Spinner>(R.id.panel_model), onModel)
    private val text = root.part<TextView>(R.id.panel_text)
    private val figures = root.part<TextView>(R.id.panel_figures)
    private val message = root.part<TextView>(R.id.panel_message)
    private val stages = root.part<StageBars>(R.id.panel_stages)

    init {
        root.part<Spinner>(R.id.panel_model).contentDescription =
            root.resources.getString(if (column == 0) R.string.model_first else R.string.model_second)
    }

    /** Shows this model's part of [state]. */
    fun show(state: SpeechState) {
        val resources = root.resources
        val mine = state.columns[column]
        picker.show(state.models.map { it.shortTitle }, mine.selected)
        text.text = mine.text.ifEmpty { resources.getString(if (state.isListening) R.string.speech_listening else R.string.unknown) }
        message.tell(mine.message)
        figures.text = described(mine.figures, state.modelOf(column)?.bytes ?: 0)
        stages.show(mine.figures, StageBars.longest(state.columns.map { it.figures }))
    }

    private fun described(figures: SpeechFigures?, bytes: Int): String {
        val resources = root.resources
        val size = BytesText.of(bytes.toLong()).read(resources)
        if (figures == null) return resources.getString(R.string.compare_size, size)
        val latency = figures.endToText?.let { TimeText.of(it).read(resources) } ?: resources.getString(R.string.unknown)
        return resources.getString(R.string.compare_speech_figures, latency, 100 * figures.realTimeFactor, size)
    }
}
