package org.lrkeras.demo.benchmark

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.text.TextPaint
import android.text.TextUtils
import android.util.AttributeSet
import android.view.View
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.demo.R
import org.lrkeras.demo.common.TimeText

/** A bar to the median and a line to p90 for each model, on one scale. */
class LatencyChart(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    private val label = TextPaint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.text)
        textSize = resources.getDimension(R.dimen.chart_text)
    }
    private val bar = Paint().apply { color = context.getColor(R.color.accent) }
    private val whisker = Paint().apply { color = context.getColor(R.color.text_secondary) }
    private val gap = resources.getDimension(R.dimen.chart_gap)
    private val thickness = resources.getDimension(R.dimen.chart_bar)
    private val line = resources.getDimension(R.dimen.chart_line)
    private var rows: List<BenchmarkRow> = emptyList()

    /** Shows [shown], from top to bottom. */
    fun show(shown: List<BenchmarkRow>) {
        if (shown == rows) return
        rows = shown
        contentDescription = shown.joinToString("; ") { resources.getString(R.string.chart_row, RowName.of(it, resources), figures(it)) }
        requestLayout()
        invalidate()
    }

    override fun onMeasure(widthSpec: Int, heightSpec: Int) =
        setMeasuredDimension(getDefaultSize(suggestedMinimumWidth, widthSpec), (rowHeight() * rows.size).toInt())

    override fun onDraw(canvas: Canvas) {
        val longest = rows.maxOfOrNull { it.p90 } ?: return
        rows.forEachIndexed { place, row ->
            val top = place * rowHeight()
            val name = TextUtils.ellipsize(RowName.of(row, resources), label, width.toFloat(), TextUtils.TruncateAt.MIDDLE).toString()
            canvas.drawText(name, 0f, top - label.ascent(), label)
            canvas.drawText(figures(row), 0f, top + label.fontSpacing - label.ascent(), label)
            val under = top + LINES * label.fontSpacing
            canvas.drawRoundRect(0f, under, reach(row.p50, longest), under + thickness, thickness / 2, thickness / 2, bar)
            val middle = under + (thickness - line) / 2
            canvas.drawRect(reach(row.p50, longest), middle, reach(row.p90, longest), middle + line, whisker)
        }
    }

    private fun figures(row: BenchmarkRow) = resources.getString(R.string.chart_figures, TimeText.of(row.p50).read(resources), TimeText.of(row.p90).read(resources))

    private fun reach(micros: Double, longest: Double) = (width * micros / longest).toFloat()

    private fun rowHeight() = LINES * label.fontSpacing + thickness + gap

    private companion object {
        /** A name and its figures. */
        const val LINES = 2
    }
}
