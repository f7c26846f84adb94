package org.lrkeras.demo.words

import android.text.Editable
import android.text.TextWatcher
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.TextView
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.part

/** A text field, three suggestions under it, and the latency of the last keystrokes. */
class WordsView(private val root: View, private val controller: WordsController) : Screen, TextWatcher {
    private val field = root.part<MessageField>(R.id.words_text)
    private val figures = root.part<TextView>(R.id.words_figures)
    private val message = root.part<TextView>(R.id.words_message)
    private val buttons = listOf(R.id.suggestion_1, R.id.suggestion_2, R.id.suggestion_3).map { root.part<Button>(it) }
    private val picker = ModelPicker(root.part<Spinner>(R.id.words_model), controller::choose)
    private val show = ::render

    init {
        field.addTextChangedListener(this)
        buttons.forEachIndexed { place, button ->
            button.setOnClickListener { controller.state.suggestions.getOrNull(place)?.let { insert(it) } }
        }
        field.onCursor = { controller.onText(field.beforeCursor) }
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
        picker.show(state.models.map { it.shortTitle }, state.selected)
        buttons.forEachIndexed { place, button ->
            val suggestion = state.suggestions.getOrNull(place)
            button.text = suggestion?.text.orEmpty()
            button.isEnabled = suggestion != null
            button.contentDescription = suggestion?.let { root.resources.getString(R.string.suggestion_description, it.text) }
        }
        message.text = state.message?.read(root.resources)
        message.visibility = if (state.message == null) View.GONE else View.VISIBLE
        figures.text = strip(state)
    }

    private fun strip(state: WordsState): String {
        val resources = root.resources
        val size = BytesText.of(state.model?.bytes?.toLong() ?: 0).read(resources)
        val shown = state.figures ?: return resources.getString(R.string.words_figures_none, size)
        val perToken = shown.perToken?.let { resources.getString(R.string.milliseconds, it) } ?: resources.getString(R.string.unknown)
        return resources.getString(R.string.words_figures, shown.last, shown.median, shown.p90, perToken, size)
    }
}
