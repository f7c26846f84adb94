package org.lrkeras.demo.keyboard

import android.content.Context
import android.os.SystemClock
import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import android.view.inputmethod.InputConnection
import android.widget.Button
import org.lrkeras.core.words.Correction
import org.lrkeras.core.words.Suggestion
import org.lrkeras.demo.R
import org.lrkeras.demo.common.part

/**
 * Keys and strip, and what is typed with them.
 *
 * @param parent What the panel will be put into.
 * @param connection The way to the text field now, or null.
 */
class KeyboardPanel(
    context: Context,
    parent: ViewGroup?,
    private val controller: KeyboardController,
    private val settings: KeyboardSettings,
    connection: () -> InputConnection?,
    private val listener: Listener,
) : SuggestionStrip.Listener {
    /** Told what leads out of the keyboard. */
    interface Listener {
        /** Another keyboard is wanted. */
        fun onOtherKeyboard()

        /** The settings are wanted. */
        fun onSettings()
    }

    /** The whole of it. */
    val view: View = LayoutInflater.from(context).inflate(R.layout.keyboard, parent, false)

    private val typist = Typist(connection)
    private val capsMode = { kinds: Int -> connection()?.getCursorCapsMode(kinds) ?: 0 }
    private val written = WrittenText()
    private val strip = SuggestionStrip(view, this)
    private val keys = view.part<KeysView>(R.id.keyboard_keys)
    private val figures = view.part<Button>(R.id.keyboard_figures)
    private val show = ::render
    private var field = Field.of(EditorInfo())
    private var enter = EnterLabel.of(field)
    private var shift = ShiftState.OFF
    private var shiftMillis = NEVER
    private var known: String? = null

    init {
        keys.onKey = ::onKey
        keys.onLongPress = ::onLongPress
        figures.setOnClickListener { controller.chooseNext() }
        view.part<View>(R.id.keyboard_settings).setOnClickListener { listener.onSettings() }
        controller.observe(show)
        controller.start()
    }

    /** A person begins to type into a field. */
    fun open(info: EditorInfo) {
        field = Field.of(info)
        enter = EnterLabel.of(field)
        shift = ShiftState.OFF
        typist.start()
        strip.offer(emptyList())
        keys.show(field.layout)
        figures.visibility = if (settings.showsLatency && field.suggests) View.VISIBLE else View.GONE
        val before = typist.before
        written.open(before)
        refresh(before)
    }

    /** The cursor or the text has moved. */
    fun onMoved() {
        val before = typist.before
        // What the keyboard has typed itself comes back as news as well, perhaps after the next key.
        if (before == known) return
        written.onChanged(before)?.let { learn(it) }
        refresh(before)
    }

    /** The field is left. */
    fun close() {
        written.finish()?.let { learn(it) }
        controller.ask(null)
    }

    /** The panel is of no use any more. */
    fun destroy() = controller.forget(show)

    override fun onSuggestion(suggestion: Suggestion) = typing { typist.accept(suggestion) }

    override fun onKeep(word: String) = typing { typist.keep(word) }

    override fun onChoice(text: String) {
        strip.offer(emptyList())
        typing { typist.type(text) }
    }

    private fun onKey(key: Key) {
        strip.offer(emptyList())
        if (key.action != KeyAction.SHIFT) shiftMillis = NEVER
        when (key.action) {
            null -> typing { typist.type(if (key.isLetter) shift.applied(key.text) else key.text, correction()) }
            KeyAction.SPACE -> typing {
                typist.space(correction())
                // A mark or a number is done: words go on.
                keys.show(field.layout)
            }
            KeyAction.DELETE -> typing { typist.delete() }
            KeyAction.ENTER -> if (field.action == null) typing { typist.enter(field) } else act()
            KeyAction.SHIFT -> tapShift()
            KeyAction.LETTERS -> change(field.layout)
            KeyAction.SYMBOLS -> change(KeyLayout.SYMBOLS)
            KeyAction.MORE_SYMBOLS -> change(KeyLayout.MORE_SYMBOLS)
        }
    }

    /** What a field does with its text is no typing: it may send it off at once. */
    private fun act() {
        typist.enter(field)
        onMoved()
    }

    private fun onLongPress(key: Key): Boolean {
        if (key.action == KeyAction.SPACE) listener.onOtherKeyboard() else strip.offer(key.more.map { shift.applied(it) })
        return true
    }

    private inline fun typing(type: () -> Unit) {
        type()
        val before = typist.before
        written.onTyped(before)
        refresh(before)
    }

    /** The correction of what stands there; none while the answer to the last keystroke is not there. */
    private fun correction(): Correction? = controller.state.run { correction.takeIf { text == known } }

    private fun tapShift() {
        val now = SystemClock.uptimeMillis()
        shift = shift.tapped(isDouble = now - shiftMillis < DOUBLE_MILLIS)
        shiftMillis = now
        label()
    }

    private fun change(layout: KeyLayout) {
        keys.show(layout)
        label()
    }

    private fun refresh(before: String) {
        known = before
        if (shift != ShiftState.LOCKED) shift = if (wantsCapital()) ShiftState.ONCE else ShiftState.OFF
        label()
        controller.ask(if (field.suggests) before else null)
    }

    private fun wantsCapital() = settings.capitalises && field.capitals != 0 && capsMode(field.capitals) != 0

    private fun label() = keys.label(shift, enter)

    private fun learn(text: String) {
        if (field.learns) controller.learn(text)
    }

    private fun render(state: KeyboardState) {
        strip.show(state)
        val title = state.model?.shortTitle.orEmpty()
        val (last, all) = state.last to state.latency
        figures.text = if (last == null || all == null) title
        else view.resources.getString(R.string.keyboard_figures, last / NANOS, all.p50 / NANOS, all.p90 / NANOS, title)
    }

    private companion object {
        const val DOUBLE_MILLIS = 350L
        const val NEVER = Long.MIN_VALUE / 2
        const val NANOS = 1e6
    }
}
