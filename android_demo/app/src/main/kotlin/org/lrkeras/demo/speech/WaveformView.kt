package org.lrkeras.demo.speech

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import org.lrkeras.demo.R
import kotlin.math.sqrt

/** The loudest samples of the last two seconds as bars around a line: the oldest left, from which it fills. As long as the root of a peak, so that quiet speech is seen. */
class WaveformView(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val line = Paint().apply { color = context.getColor(R.color.chart_track) }
    private val bar = Paint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.accent)
        strokeCap = Paint.Cap.ROUND
    }

    /** Peaks from 0 to 1, the oldest first, [PLACES] at most. */
    var peaks: List<Float> = emptyList()
        set(value) {
            if (field == value) return
            field = value
            invalidate()
        }

    override fun onDraw(canvas: Canvas) {
        val middle = height / 2f
        val thin = resources.displayMetrics.density
        canvas.drawRect(0f, middle - thin / 2, width.toFloat(), middle + thin / 2, line)
        val step = width.toFloat() / PLACES
        bar.strokeWidth = step * BAR
        peaks.forEachIndexed { place, peak ->
            val reach = maxOf(sqrt(peak) * (middle - bar.strokeWidth / 2), thin / 2)
            val x = (place + HALF) * step
            canvas.drawLine(x, middle - reach, x, middle + reach, bar)
        }
    }

    private companion object {
        const val PLACES = 100
        const val BAR = 0.6f
        const val HALF = 0.5f
    }
}
