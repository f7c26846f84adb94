package org.lrkeras.demo.common

import android.view.View
import android.widget.Button
import android.widget.TextView
import org.lrkeras.core.words.Suggestion

/** Shows [message]; without one the view takes no room. */
internal fun TextView.tell(message: UiText?) {
    text = message?.read(resources)
    visibility = if (message == null) View.GONE else View.VISIBLE
}

/** Shows a suggestion, which is read aloud as [description] says; without one the button is empty and off. */
internal fun Button.show(suggestion: Suggestion?, description: (Suggestion) -> String) {
    text = suggestion?.text.orEmpty()
    isEnabled = suggestion != null
    contentDescription = suggestion?.let(description)
}
