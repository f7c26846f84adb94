package org.lrkeras.demo.words

import android.text.Editable
import android.text.TextWatcher
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.show
import org.lrkeras.demo.common.tell

/** A text field, three suggestions under it and the latency of the last keystrokes; or two models side by side. */
class WordsView(private val root: View, private val controller: WordsController) : Screen, TextWatcher {
    private val field = root.part<MessageField>(R.id.words_text)
    private val message = root.part<TextView>(R.id.words_message)
    private val buttons = listOf(R.id.suggestion_1, R.id.suggestion_2, R.id.suggestion_3).map { root.part<Button>(it) }
    private val picker = ModelPicker(root.part<Spinner>(R.id.words_model)) { controller.choose(it) }
    private val compare = root.part<Switch>(R.id.words_compare)
    private val panels = listOf(R.id.words_panel_1, R.id.words_panel_2).mapIndexed { column, id ->
        WordsPanel(root.part(id), column, { controller.choose(it, column) }, ::insert)
    }
    private val show = ::render

    init {
        field.addTextChangedListener(this)
        buttons.forEachIndexed { place, button ->
            button.setOnClickListener { controller.state.suggestions.getOrNull(place)?.let { insert(it) } }
        }
        field.onCursor = { controller.onText(field.beforeCursor) }
        // What was chosen is the controller's: a switch that is restored must not choose.
        compare.isSaveEnabled = false
        compare.setOnCheckedChangeListener { _, isOn -> controller.compare(isOn) }
        controller.observe(show)
        controller.start()
        controller.onText(field.beforeCursor)
    }

    override fun onDestroy() = controller.forget(show)

    override fun afterTextChanged(text: Editable) = controller.onText(field.beforeCursor)

    override fun beforeTextChanged(text: CharSequence, start: Int, count: Int, after: Int) = Unit

    override fun onTextChanged(text: CharSequence, start: Int, before: Int, count: Int) = Unit

    private fun insert(suggestion: Suggestion) {
        val end = field.cursor
        val start = (end - suggestion.replaces).coerceAtLeast(0)
        // A blank that stands there already is not doubled.
        val blank = if (field.text.getOrNull(end) == ' ') "" else " "
        field.text.replace(start, end, suggestion.text + blank)
        if (blank.isEmpty()) field.setSelection(start + suggestion.text.length + 1)
    }

    private fun render(state: WordsState) {
        if (compare.isChecked != state.isComparing) compare.isChecked = state.isComparing
        compare.isEnabled = state.models.size > 1
        for (id in SINGLE) root.part<View>(id).visibility = if (state.isComparing) View.GONE else View.VISIBLE
        root.part<View>(R.id.words_panels).visibility = if (state.isComparing) View.VISIBLE else View.GONE
        picker.show(state.models.map { it.shortTitle }, state.selected)
        buttons.forEachIndexed { place, button ->
            button.show(state.suggestions.getOrNull(place)) { root.resources.getString(R.string.suggestion_description, it.text) }
        }
        message.tell(if (state.isComparing) state.missing else state.message)
        showFigures(state)
        panels.forEach { it.show(state) }
    }

    private fun showFigures(state: WordsState) {
        val resources = root.resources
        val figures = state.columns[0].figures
        fun time(micros: Double?) = micros?.let { TimeText.of(it).read(resources) } ?: resources.getString(R.string.unknown)
        root.part<TextView>(R.id.words_last).text = time(figures?.last)
        root.part<TextView>(R.id.words_median).text = time(figures?.median)
        root.part<TextView>(R.id.words_p90).text = time(figures?.p90)
        root.part<TextView>(R.id.words_token).text = time(figures?.perToken)
        val size = BytesText.of(state.model?.bytes?.toLong() ?: 0).read(resources)
        root.part<TextView>(R.id.words_caption).text =
            figures?.let { resources.getString(R.string.words_caption, it.count, size) } ?: resources.getString(R.string.words_figures_none, size)
    }

    private companion object {
        /** What belongs to one model alone. */
        val SINGLE = listOf(R.id.words_model, R.id.words_figures, R.id.words_suggestions)
    }
}
