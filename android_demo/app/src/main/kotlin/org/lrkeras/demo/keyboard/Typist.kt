package org.lrkeras.demo.keyboard

import android.icu.text.BreakIterator
import android.view.KeyEvent
import android.view.inputmethod.InputConnection
import org.lrkeras.core.words.Correction
import org.lrkeras.core.words.Suggestion

/**
 * Types into the text field of another app.
 *
 * @param connection The way to the field now, or null when there is none.
 */
class Typist(private val connection: () -> InputConnection?) {
    /** What took the place of [typed], and the text before the cursor right after it: only there it can be taken back. */
    private class Replacement(val typed: String, val inserted: String, val after: String)

    // Of the last edit alone: the next one finds them, and leaves none if it makes none.
    private var replacement: Replacement? = null
    private var autoSpaced: String? = null
    private val kept = HashSet<String>()

    /** The end of the text before the cursor; empty where the field gives none. */
    val before: String get() = connection()?.getTextBeforeCursor(MOST_READ, 0)?.toString().orEmpty()

    /** Forgets what belongs to another field. */
    fun start() {
        replacement = null
        autoSpaced = null
        kept.clear()
    }

    /** Types [text]; a mark right behind a word corrects the word as a blank does. */
    fun type(text: String, correction: Correction? = null) = edit { field, last ->
        if (text !in MARKS) return@edit insert(field, text)
        val blanks = if (last.isSpaced) 1 else 0
        if (blanks == 0 && correction != null && replace(field, correction, text)) return@edit
        // The blank that came with a word goes behind its mark.
        field.deleteSurroundingText(blanks, 0)
        insert(field, text)
        if (blanks == 1) addBlank(field)
    }

    /** Types a blank, and corrects the word before it; a blank that the keyboard has just typed is not doubled. */
    fun space(correction: Correction? = null) = edit { field, last ->
        when {
            last.isSpaced -> Unit
            correction != null && replace(field, correction, " ") -> Unit
            else -> insert(field, " ")
        }
    }

    /** Puts a suggestion in the place of what it completes, and a blank behind it. */
    fun accept(suggestion: Suggestion) = edit { field, _ ->
        val text = before
        val typed = text.takeLast(suggestion.replaces)
        field.deleteSurroundingText(typed.length, 0)
        // A blank that stands there already is not doubled.
        val blank = if (following(field) == ' ') "" else " "
        insert(field, suggestion.text + blank)
        replacement = Replacement(typed, suggestion.text + blank, before)
        if (blank.isNotEmpty()) autoSpaced = before
    }

    /** Leaves the last word as it was typed: a blank behind it, and no correction of it any more in this field. */
    fun keep(word: String) = edit { field, _ ->
        kept.add(word)
        addBlank(field)
    }

    /** Takes back a correction or a suggestion that came last; or deletes the selection, or the character before the cursor. */
    fun delete() = edit { field, last ->
        if (last.replacement != null) return@edit takeBack(field, last.replacement)
        if (!field.getSelectedText(0).isNullOrEmpty()) return@edit insert(field, "")
        val text = before
        if (text.isEmpty()) return@edit sendKey(field, KeyEvent.KEYCODE_DEL)
        field.deleteSurroundingText(text.length - characterStart(text), 0)
    }

    /** What enter does in [field]. */
    fun enter(field: Field) = edit { connection, _ ->
        if (field.action == null) insert(connection, "\n") else connection.performEditorAction(field.action)
    }

    /** What the edit before left, where the cursor still is. */
    private class Last(val replacement: Replacement?, val isSpaced: Boolean)

    private inline fun edit(change: (InputConnection, Last) -> Unit) {
        val field = connection() ?: return
        // The text is asked of another process: not for each letter.
        val text = if (replacement == null && autoSpaced == null) null else before
        val last = Last(replacement?.takeIf { it.after == text }, text != null && autoSpaced == text)
        replacement = null
        autoSpaced = null
        field.beginBatchEdit()
        try {
            change(field, last)
        } finally {
            field.endBatchEdit()
        }
    }

    private fun insert(field: InputConnection, text: String) {
        field.commitText(text, 1)
    }

    private fun addBlank(field: InputConnection) {
        insert(field, " ")
        autoSpaced = before
    }

    /** Puts the better word and [end] in the place of the last one; false where it stands no more or is to be kept. */
    private fun replace(field: InputConnection, correction: Correction, end: String): Boolean {
        val isInsideWord = following(field)?.isLetter() == true
        if (correction.typed in kept || isInsideWord || !before.endsWith(correction.typed)) return false
        field.deleteSurroundingText(correction.typed.length, 0)
        insert(field, correction.replacement + end)
        replacement = Replacement(correction.typed, correction.replacement + end, before)
        return true
    }

    private fun takeBack(field: InputConnection, last: Replacement) {
        field.deleteSurroundingText(last.inserted.length, 0)
        insert(field, last.typed)
        kept.add(last.typed)
    }

    private fun following(field: InputConnection): Char? = field.getTextAfterCursor(1, 0)?.firstOrNull()

    // A field without a text of its own, as that of a terminal, knows keys.
    private fun sendKey(field: InputConnection, code: Int) {
        for (kind in listOf(KeyEvent.ACTION_DOWN, KeyEvent.ACTION_UP)) field.sendKeyEvent(KeyEvent(kind, code))
    }

    /** Where the last character as a person sees it begins: a letter with its accents, a flag, a family. */
    private fun characterStart(text: String): Int {
        val characters = BreakIterator.getCharacterInstance()
        characters.setText(text)
        characters.last()
        return characters.previous()
    }

    private companion object {
        const val MOST_READ = 1000
        val MARKS = setOf(".", ",", "?", "!", ":", ";")
    }
}
