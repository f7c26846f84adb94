package org.lrkeras.demo.keyboard

import android.graphics.Typeface
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.LinearLayout
import android.widget.TextView
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.R
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.tell

/** The row above the keys: three words, or what a long press offers. */
class SuggestionStrip(root: View, private val listener: Listener) {
    /** Told what is tapped. */
    interface Listener {
        /** A suggestion is taken. */
        fun onSuggestion(suggestion: Suggestion)

        /** The word stays as it was typed. */
        fun onKeep(word: String)

        /** One of the choices of a long press is taken. */
        fun onChoice(text: String)
    }

    private class Chip(val text: String, val spoken: String, val isBold: Boolean = false, val onTap: () -> Unit)

    private val words = root.part<ViewGroup>(R.id.keyboard_words)
    private val choices = root.part<ViewGroup>(R.id.keyboard_choices)
    private val message = root.part<TextView>(R.id.keyboard_message)
    private val buttons = listOf(R.id.keyboard_word_1, R.id.keyboard_word_2, R.id.keyboard_word_3).map { root.part<Button>(it) }
    private val resources = root.resources

    /** Shows the words of [state]. */
    fun show(state: KeyboardState) {
        message.tell(state.message)
        val chips = chips(state)
        buttons.forEachIndexed { place, button -> fill(button, chips.getOrNull(place)) }
    }

    /** Offers [texts] in place of the words; none brings the words back. */
    fun offer(texts: List<String>) {
        choices.removeAllViews()
        words.visibility = if (texts.isEmpty()) View.VISIBLE else View.GONE
        choices.visibility = if (texts.isEmpty()) View.GONE else View.VISIBLE
        for (text in texts) {
            val button = Button(choices.context, null, 0, R.style.KeyboardWord)
            fill(button, Chip(text, resources.getString(R.string.suggestion_description, text)) { listener.onChoice(text) })
            choices.addView(button, LinearLayout.LayoutParams(0, ViewGroup.LayoutParams.MATCH_PARENT, 1f))
        }
    }

    /** A correction stands first and bold, what was typed beside it, to be kept. */
    private fun chips(state: KeyboardState): List<Chip> {
        val correction = state.correction ?: return state.suggestions.map { chip(it) }
        val better = Suggestion(correction.replacement, correction.typed.length)
        val typed = Chip(
            resources.getString(R.string.keyboard_as_typed, correction.typed),
            resources.getString(R.string.keyboard_keep_description, correction.typed),
        ) { listener.onKeep(correction.typed) }
        val others = state.suggestions.filter { it.text != better.text }.map { chip(it) }
        return listOf(typed, chip(better, isBold = true)) + others
    }

    private fun chip(suggestion: Suggestion, isBold: Boolean = false) =
        Chip(suggestion.text, resources.getString(R.string.suggestion_description, suggestion.text), isBold) { listener.onSuggestion(suggestion) }

    private fun fill(button: Button, chip: Chip?) {
        button.text = chip?.text.orEmpty()
        button.contentDescription = chip?.spoken
        button.isEnabled = chip != null
        button.setTypeface(null, if (chip?.isBold == true) Typeface.BOLD else Typeface.NORMAL)
        button.setOnClickListener { chip?.onTap?.invoke() }
    }
}
