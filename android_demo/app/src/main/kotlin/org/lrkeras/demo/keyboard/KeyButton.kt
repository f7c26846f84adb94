package org.lrkeras.demo.keyboard

import android.annotation.SuppressLint
import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.graphics.drawable.Drawable
import android.view.MotionEvent
import android.widget.Button
import org.lrkeras.demo.R

/**
 * A key on the display.
 *
 * @property onDown Told before the key takes a finger; false if the finger belongs to nothing any more.
 */
@SuppressLint("ViewConstructor") // Layouts do not name it: keys are made from a [KeyLayout].
class KeyButton(context: Context, val key: Key, private val onDown: (KeyButton) -> Unit) : Button(context, null, 0, R.style.KeyboardKey) {
    private val hint = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.key_hint)
        textSize = resources.getDimension(R.dimen.key_hint)
        textAlign = Paint.Align.RIGHT
    }
    private val inset = resources.getDimension(R.dimen.key_inset)
    private var isTyped = false

    /** What is drawn in place of a text. */
    var icon: Drawable? = null
        set(value) {
            field = value
            invalidate()
        }

    /** Types the key at once; the finger that still lies on it types nothing more. */
    fun typeNow() {
        if (isTyped) return
        performClick()
        isTyped = true
    }

    override fun onTouchEvent(event: MotionEvent): Boolean {
        if (event.actionMasked == MotionEvent.ACTION_DOWN) {
            isTyped = false
            onDown(this)
        }
        if (isTyped) event.action = MotionEvent.ACTION_CANCEL
        return super.onTouchEvent(event)
    }

    override fun onDraw(canvas: Canvas) {
        super.onDraw(canvas)
        icon?.let { drawn ->
            val (left, top) = (width - drawn.intrinsicWidth) / 2 to (height - drawn.intrinsicHeight) / 2
            drawn.setBounds(left, top, left + drawn.intrinsicWidth, top + drawn.intrinsicHeight)
            drawn.draw(canvas)
        }
        if (key.isLetter) key.more.firstOrNull()?.takeIf { it[0].isDigit() }?.let {
            canvas.drawText(it, width - 2 * inset, 2 * inset - hint.ascent(), hint)
        }
    }
}
