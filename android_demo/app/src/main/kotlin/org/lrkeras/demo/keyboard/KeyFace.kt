package org.lrkeras.demo.keyboard

import org.lrkeras.demo.R
import org.lrkeras.demo.common.UiText

/**
 * How a key looks and what is read aloud.
 *
 * @property spoken Null where [text] is read.
 * @property isOn Whether it is shift that is on.
 */
class KeyFace private constructor(val text: CharSequence, val icon: Int? = null, val spoken: UiText? = null, val isOn: Boolean = false) {
    companion object {
        private val MARKS = mapOf(
            "." to R.string.mark_full_stop, "," to R.string.mark_comma, "?" to R.string.mark_question, "!" to R.string.mark_exclamation,
            "-" to R.string.mark_hyphen, "'" to R.string.mark_apostrophe, "\"" to R.string.mark_quotation, ":" to R.string.mark_colon,
            ";" to R.string.mark_semicolon, "(" to R.string.mark_open, ")" to R.string.mark_close, "/" to R.string.mark_slash,
        )

        /** The face of [key]. */
        fun of(key: Key, shift: ShiftState, enter: EnterLabel): KeyFace = when (key.action) {
            null -> if (key.isLetter) KeyFace(shift.applied(key.text)) else KeyFace(key.text, spoken = MARKS[key.text]?.let { UiText(it) })
            KeyAction.SHIFT -> shift(shift)
            KeyAction.DELETE -> KeyFace("", R.drawable.key_delete, UiText(R.string.key_delete))
            KeyAction.ENTER -> enter.text?.let { KeyFace(it) } ?: KeyFace("", enter.icon, enter.spoken)
            KeyAction.SPACE -> KeyFace("", R.drawable.key_space, UiText(R.string.key_space))
            KeyAction.LETTERS -> KeyFace("abc", spoken = UiText(R.string.key_letters))
            KeyAction.SYMBOLS -> KeyFace("?123", spoken = UiText(R.string.key_symbols))
            KeyAction.MORE_SYMBOLS -> KeyFace("=\\<", spoken = UiText(R.string.key_more_symbols))
        }

        private fun shift(state: ShiftState) = when (state) {
            ShiftState.OFF -> KeyFace("", R.drawable.key_shift, UiText(R.string.key_shift))
            ShiftState.ONCE -> KeyFace("", R.drawable.key_shift_on, UiText(R.string.key_shift_on), isOn = true)
            ShiftState.LOCKED -> KeyFace("", R.drawable.key_shift_locked, UiText(R.string.key_shift_locked), isOn = true)
        }
    }
}
