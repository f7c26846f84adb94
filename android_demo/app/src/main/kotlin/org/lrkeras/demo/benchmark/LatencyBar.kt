package org.lrkeras.demo.benchmark

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.util.AttributeSet
import android.view.View
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.demo.R
import org.lrkeras.demo.common.TimeText

/** A bar to the median and a line to p90, on a track as long as the slowest of those that it is compared with. */
class LatencyBar(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val track = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.chart_track) }
    private val bar = Paint(Paint.ANTI_ALIAS_FLAG).apply { color = context.getColor(R.color.accent) }
    private val whisker = Paint().apply { color = context.getColor(R.color.text_secondary) }
    private val line = resources.getDimension(R.dimen.chart_line)
    private var p50 = 0.0
    private var p90 = 0.0
    private var longest = 0.0

    /** Shows [row] on a scale that ends at [longest] microseconds. */
    fun show(row: BenchmarkRow, longest: Double) {
        p50 = row.p50
        p90 = row.p90
        this.longest = longest
        contentDescription = resources.getString(R.string.result_bar, TimeText.of(p50).read(resources), TimeText.of(p90).read(resources))
        invalidate()
    }

    override fun onDraw(canvas: Canvas) {
        if (longest <= 0) return
        round(canvas, width.toFloat(), track)
        val middle = (height - line) / 2
        canvas.drawRect(0f, middle, reach(p90), middle + line, whisker)
        round(canvas, reach(p50), bar)
    }

    private fun round(canvas: Canvas, reach: Float, paint: Paint) = height.toFloat().let { canvas.drawRoundRect(0f, 0f, reach, it, it / 2, it / 2, paint) }

    private fun reach(micros: Double) = (width * micros / longest).toFloat()
}
