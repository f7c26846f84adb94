package org.lrkeras.demo.speech

import android.content.Context
import android.graphics.Canvas
import android.graphics.Paint
import android.text.TextPaint
import android.util.AttributeSet
import android.view.View
import org.lrkeras.demo.R
import org.lrkeras.demo.common.TimeText

/** Where the time of a step goes: a bar and a figure for each stage, on one scale. */
class StageBars(context: Context, attributes: AttributeSet?) : View(context, attributes) {
    /** A stage, what it took in microseconds, and its colour. */
    private class Stage(val name: Int, val micros: Double, val colour: Int)

    private val name = TextPaint(Paint.ANTI_ALIAS_FLAG).apply {
        color = context.getColor(R.color.text_secondary)
        textSize = resources.getDimension(R.dimen.chart_text)
    }
    private val figure = TextPaint(name).apply {
        color = context.getColor(R.color.text)
        textAlign = Paint.Align.RIGHT
    }
    private val bar = Paint(Paint.ANTI_ALIAS_FLAG)
    private val thickness = resources.getDimension(R.dimen.chart_bar) / 2
    private val gap = resources.getDimension(R.dimen.chart_gap)
    private var stages: List<Stage> = emptyList()
    private var longest = 0.0

    /** Shows [figures] on a scale that ends at [longest] microseconds; none of them yet: empty bars. */
    fun show(figures: SpeechFigures?, longest: Double) {
        this.longest = longest
        stages = stagesOf(figures)
        contentDescription = if (figures == null) {
            resources.getString(R.string.speech_figures_none)
        } else {
            stages.joinToString("; ") { resources.getString(R.string.chart_row, resources.getString(it.name), time(it)) }
        }
        requestLayout()
        invalidate()
    }

    override fun onMeasure(widthSpec: Int, heightSpec: Int) =
        setMeasuredDimension(getDefaultSize(suggestedMinimumWidth, widthSpec), (rowHeight() * stages.size).toInt())

    override fun onDraw(canvas: Canvas) = stages.forEachIndexed { place, stage ->
        val top = place * rowHeight()
        write(canvas, resources.getString(stage.name), time(stage), top - name.ascent())
        val under = top + name.fontSpacing
        bar.color = context.getColor(R.color.chart_track)
        canvas.drawRoundRect(0f, under, width.toFloat(), under + thickness, thickness / 2, thickness / 2, bar)
        val reach = if (longest > 0) (width * stage.micros / longest).toFloat().coerceIn(0f, width.toFloat()) else 0f
        bar.color = context.getColor(stage.colour)
        canvas.drawRoundRect(0f, under, reach, under + thickness, thickness / 2, thickness / 2, bar)
    }

    /** A name and its figure on one line, smaller where a large font leaves no room for both. */
    private fun write(canvas: Canvas, said: String, time: String, baseline: Float) {
        val size = name.textSize
        val smaller = size * minOf(1f, width / (name.measureText(said) + figure.measureText(time) + gap))
        name.textSize = smaller
        figure.textSize = smaller
        canvas.drawText(said, 0f, baseline, name)
        canvas.drawText(time, width.toFloat(), baseline, figure)
        name.textSize = size
        figure.textSize = size
    }

    private fun stagesOf(figures: SpeechFigures?): List<Stage> {
        val frontEnd = figures?.frontEnd
        val network = figures?.network
        val model = if (figures == null || (frontEnd != null && network != null)) {
            listOf(Stage(R.string.stage_front_end, frontEnd ?: 0.0, R.color.stage_1), Stage(R.string.stage_network, network ?: 0.0, R.color.accent))
        } else {
            listOf(Stage(R.string.stage_model, figures.model, R.color.accent))
        }
        return model + Stage(R.string.stage_search, (figures?.decoder ?: 0.0) + (figures?.input ?: 0.0), R.color.stage_3)
    }

    private fun time(stage: Stage) =
        if (longest > 0) TimeText.of(stage.micros).read(resources) else resources.getString(R.string.unknown)

    private fun rowHeight() = name.fontSpacing + thickness + gap

    companion object {
        /** The longest stage of some figures, which a common scale ends at. */
        fun longest(all: List<SpeechFigures?>): Double =
            all.filterNotNull().flatMap { listOf(it.network ?: it.model, it.frontEnd ?: 0.0, it.decoder + it.input) }.maxOrNull() ?: 0.0
    }
}
