package org.lrkeras.demo.speech

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import org.lrkeras.core.speech.LevelMeter
import org.lrkeras.demo.R

/** A bar as long as the sound is loud. */
class LevelView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val track = Paint().apply { color = context.getColor(R.color.chart_track) }
    private val bar = Paint().apply { color = context.getColor(R.color.accent) }

    /** Loudness in decibels of full scale. */
    var level: Double = LevelMeter.SILENCE
        set(value) {
            if (field == value) return
            field = value
            invalidate()
        }

    override fun onDraw(canvas: Canvas) {
        val share = (1 - level / LevelMeter.SILENCE).toFloat().coerceIn(0f, 1f)
        canvas.drawRect(0f, 0f, width.toFloat(), height.toFloat(), track)
        canvas.drawRect(0f, 0f, width * share, height.toFloat(), bar)
    }
}
