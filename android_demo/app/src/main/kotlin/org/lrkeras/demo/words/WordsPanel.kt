package org.lrkeras.demo.words

import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.show
import org.lrkeras.demo.common.tell

/** One of two models that are compared: its suggestions, its figures, or why it cannot be used. */
class WordsPanel(private val root: View, private val column: Int, onModel: (Int) -> Unit, onSuggestion: (Suggestion) -> Unit) {
    private val picker = ModelPicker(root.part<Spinner>(R.id.panel_model), onModel)
    private val buttons = listOf(R.id.panel_suggestion_1, R.id.panel_suggestion_2, R.id.panel_suggestion_3).map { root.part<Button>(it) }
    private val figures = root.part<TextView>(R.id.panel_figures)
    private val message = root.part<TextView>(R.id.panel_message)
    private var shown: List<Suggestion> = emptyList()

    init {
        buttons.forEachIndexed { place, button -> button.setOnClickListener { shown.getOrNull(place)?.let(onSuggestion) } }
        root.part<Spinner>(R.id.panel_model).contentDescription =
            root.resources.getString(if (column == 0) R.string.model_first else R.string.model_second)
    }

    /** Shows this model's part of [state]. */
    fun show(state: WordsState) {
        val resources = root.resources
        val mine = state.columns[column]
        val card = state.modelOf(column)
        shown = mine.suggestions
        picker.show(state.models.map { it.shortTitle }, mine.selected)
        buttons.forEachIndexed { place, button ->
            button.show(shown.getOrNull(place)) { resources.getString(R.string.compare_insert, it.text, card?.shortTitle.orEmpty()) }
        }
        message.tell(mine.message)
        figures.text = described(mine.figures, card?.bytes ?: 0)
    }

    private fun described(figures: WordsFigures?, bytes: Int): String {
        val resources = root.resources
        val size = BytesText.of(bytes.toLong()).read(resources)
        if (figures == null) return resources.getString(R.string.compare_size, size)
        fun time(micros: Double?) = micros?.let { TimeText.of(it).read(resources) } ?: resources.getString(R.string.unknown)
        return resources.getString(R.string.compare_words_figures, time(figures.last), time(figures.median), time(figures.p90), time(figures.perToken), size)
    }
}
