package org.lrkeras.demo.keyboard

import android.view.inputmethod.EditorInfo
import org.lrkeras.demo.R
import org.lrkeras.demo.common.UiText

/** What the enter key shows in a field: the field's own word, or a picture, and what is read aloud. */
class EnterLabel private constructor(val text: CharSequence?, val icon: Int, val spoken: UiText) {
    companion object {
        private val ACTIONS = mapOf(
            EditorInfo.IME_ACTION_SEND to (R.drawable.key_send to R.string.key_send),
            EditorInfo.IME_ACTION_SEARCH to (R.drawable.key_search to R.string.key_search),
            EditorInfo.IME_ACTION_GO to (R.drawable.key_next to R.string.key_go),
            EditorInfo.IME_ACTION_NEXT to (R.drawable.key_next to R.string.key_next),
            EditorInfo.IME_ACTION_PREVIOUS to (R.drawable.key_previous to R.string.key_previous),
            EditorInfo.IME_ACTION_DONE to (R.drawable.key_done to R.string.key_done),
        )
        private val BREAK = R.drawable.key_enter to R.string.key_enter

        /** The label in [field]. */
        fun of(field: Field): EnterLabel {
            val (icon, spoken) = ACTIONS[field.action] ?: BREAK
            return EnterLabel(field.actionLabel, icon, UiText(spoken))
        }
    }
}
