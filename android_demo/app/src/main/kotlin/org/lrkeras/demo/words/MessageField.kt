package org.lrkeras.demo.words

import android.content.Context
import android.util.AttributeSet
import android.widget.EditText

/** A text field that tells where its cursor is, which a text watcher alone does not. */
class MessageField(context: Context, attributes: AttributeSet?) : EditText(context, attributes) {
    /** Told after the cursor has moved, by typing, by a touch or because a text was restored. */
    var onCursor: (() -> Unit)? = null

    /** The text up to the cursor. */
    val beforeCursor: String get() = text.substring(0, cursor)

    /** Place of the cursor; the end of the text if there is none. */
    val cursor: Int get() = selectionEnd.let { if (it < 0) text.length else it }

    override fun onSelectionChanged(start: Int, end: Int) {
        super.onSelectionChanged(start, end)
        // The constructor of the class above calls this before there is an onCursor.
        onCursor?.invoke()
    }
}
