package org.lrkeras.demo.keyboard

import android.os.Build
import android.text.InputType
import android.view.inputmethod.EditorInfo

/**
 * What a text field asks of a keyboard.
 *
 * @property layout The keys that it begins with.
 * @property suggests Whether words may be suggested and corrected: not in passwords, addresses and numbers.
 * @property learns Whether what is typed may be remembered; never where nothing is suggested.
 * @property capitals The kinds of capitals that it asks for, as `InputConnection.getCursorCapsMode` takes them.
 * @property action What enter does, an `EditorInfo.IME_ACTION_`; null where it breaks the line.
 * @property actionLabel The field's own word for it, or null.
 */
class Field private constructor(
    val layout: KeyLayout,
    val suggests: Boolean,
    val learns: Boolean,
    val capitals: Int,
    val action: Int?,
    val actionLabel: CharSequence?,
) {
    companion object {
        private val SECRET = setOf(
            InputType.TYPE_TEXT_VARIATION_PASSWORD,
            InputType.TYPE_TEXT_VARIATION_VISIBLE_PASSWORD,
            InputType.TYPE_TEXT_VARIATION_WEB_PASSWORD,
        )
        private val MAIL = setOf(InputType.TYPE_TEXT_VARIATION_EMAIL_ADDRESS, InputType.TYPE_TEXT_VARIATION_WEB_EMAIL_ADDRESS)

        /** The field that [info] describes. */
        fun of(info: EditorInfo): Field {
            val kind = info.inputType and InputType.TYPE_MASK_CLASS
            val variation = info.inputType and InputType.TYPE_MASK_VARIATION
            val isText = kind == InputType.TYPE_CLASS_TEXT
            val isAddress = isText && (variation in MAIL || variation == InputType.TYPE_TEXT_VARIATION_URI)
            val isBarred = info.inputType and (InputType.TYPE_TEXT_FLAG_NO_SUGGESTIONS or InputType.TYPE_TEXT_FLAG_AUTO_COMPLETE) != 0
            val suggests = isText && !isAddress && !isBarred && variation !in SECRET
            return Field(
                layout = layout(kind, variation, isText),
                suggests = suggests,
                learns = suggests && !forbidsLearning(info),
                capitals = if (isText) info.inputType else 0,
                action = action(info),
                actionLabel = info.actionLabel,
            )
        }

        private fun layout(kind: Int, variation: Int, isText: Boolean): KeyLayout = when {
            kind == InputType.TYPE_CLASS_NUMBER || kind == InputType.TYPE_CLASS_DATETIME -> KeyLayout.NUMBERS
            kind == InputType.TYPE_CLASS_PHONE -> KeyLayout.PHONE
            isText && variation in MAIL -> KeyLayout.MAIL
            isText && variation == InputType.TYPE_TEXT_VARIATION_URI -> KeyLayout.WEB
            else -> KeyLayout.LETTERS
        }

        // The bit is Android 8's; earlier versions never set it.
        private fun forbidsLearning(info: EditorInfo): Boolean =
            Build.VERSION.SDK_INT >= Build.VERSION_CODES.O && info.imeOptions and EditorInfo.IME_FLAG_NO_PERSONALIZED_LEARNING != 0

        private fun action(info: EditorInfo): Int? {
            if (info.imeOptions and EditorInfo.IME_FLAG_NO_ENTER_ACTION != 0) return null
            // An action of the field's own has a word and a number that no list knows.
            if (info.actionLabel != null) return info.actionId
            val action = info.imeOptions and EditorInfo.IME_MASK_ACTION
            return action.takeIf { it != EditorInfo.IME_ACTION_NONE && it != EditorInfo.IME_ACTION_UNSPECIFIED }
        }
    }
}
