package org.lrkeras.demo.keyboard

import android.annotation.SuppressLint
import android.content.Context
import android.util.AttributeSet
import android.view.Gravity
import android.view.HapticFeedbackConstants
import android.view.MotionEvent
import android.view.View
import android.widget.LinearLayout
import org.lrkeras.demo.R

/** The keys of a layout. Each is a button of its own: what reads a display aloud knows how to use them. */
class KeysView(context: Context, attributes: AttributeSet?) : LinearLayout(context, attributes) {
    /** Told of each key that is pressed, and again while delete is held. */
    var onKey: (Key) -> Unit = {}

    /** Told of a long press; true if it meant something. */
    var onLongPress: (Key) -> Boolean = { false }

    private val keys = ArrayList<KeyButton>()
    private var layout: KeyLayout? = null
    private var labelled: Pair<ShiftState, EnterLabel>? = null
    private var under: KeyButton? = null

    init {
        orientation = VERTICAL
    }

    /** Shows the keys of [layout]. */
    fun show(layout: KeyLayout) {
        if (layout === this.layout) return
        this.layout = layout
        removeAllViews()
        keys.clear()
        labelled = null
        val widest = layout.rows.maxOf { row -> row.map { it.width }.sum() }
        layout.rows.forEach { addView(row(it, widest)) }
    }

    /** Writes the keys in the case that [shift] types, and says what [enter] does. */
    fun label(shift: ShiftState, enter: EnterLabel) {
        // Most keystrokes change nothing of it.
        if (labelled == shift to enter) return
        labelled = shift to enter
        for (button in keys) {
            val face = KeyFace.of(button.key, shift, enter)
            button.text = face.text
            button.icon = face.icon?.let { context.getDrawable(it) }
            button.contentDescription = face.spoken?.read(resources) ?: face.text
            button.isActivated = face.isOn
        }
    }

    private fun row(keys: List<Key>, widest: Float): LinearLayout {
        val row = LinearLayout(context)
        row.isBaselineAligned = false
        val height = resources.getDimensionPixelSize(R.dimen.key_height)
        // A row with fewer keys than another stands in the middle of it.
        row.weightSum = widest
        row.gravity = Gravity.CENTER_HORIZONTAL
        for (key in keys) row.addView(button(key), LayoutParams(0, height, key.width))
        return row
    }

    private fun button(key: Key) = KeyButton(context, key, ::onDown).also { button ->
        keys.add(button)
        button.setBackgroundResource(if (key.action == null || key.action == KeyAction.SPACE) R.drawable.key else R.drawable.key_special)
        button.setOnClickListener { onKey(key) }
        if (key.more.isNotEmpty() || key.action == KeyAction.SPACE) button.setOnLongClickListener { onLongPress(key) }
        if (key.action == KeyAction.DELETE) button.setOnTouchListener(Repeat(button))
    }

    /** A second thumb comes before the first one has left: the first key is typed first. */
    private fun onDown(button: KeyButton) {
        button.performHapticFeedback(HapticFeedbackConstants.KEYBOARD_TAP)
        under?.takeIf { it !== button && it.isPressed }?.typeNow()
        under = button
    }

    /** Presses a key again and again while it is held. */
    private inner class Repeat(private val button: KeyButton) : OnTouchListener {
        private val again = object : Runnable {
            override fun run() {
                button.performClick()
                button.postDelayed(this, REPEAT_MILLIS)
            }
        }

        @SuppressLint("ClickableViewAccessibility") // A click is what it makes of the touch.
        override fun onTouch(view: View, event: MotionEvent): Boolean {
            when (event.actionMasked) {
                MotionEvent.ACTION_DOWN -> {
                    onDown(button)
                    button.isPressed = true
                    button.performClick()
                    button.postDelayed(again, HOLD_MILLIS)
                }
                MotionEvent.ACTION_UP, MotionEvent.ACTION_CANCEL -> {
                    button.isPressed = false
                    button.removeCallbacks(again)
                }
            }
            return true
        }
    }

    private companion object {
        const val HOLD_MILLIS = 400L
        const val REPEAT_MILLIS = 60L
    }
}
