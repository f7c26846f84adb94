package org.lrkeras.demo.benchmark

import android.view.LayoutInflater
import android.view.View
import android.view.ViewGroup
import android.widget.TextView
import org.lrkeras.core.benchmark.BenchmarkReport
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.core.benchmark.Measure
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.TaskName
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part

/** A result under one of its settings: a card for what is comparable, with the models one below the other on one scale. */
class ResultView(private val root: View, onSetting: (Int) -> Unit) {
    /** What the cards stand for: they are made anew when it changes, and not with each step of a benchmark that runs. */
    private data class Shown(val report: BenchmarkReport, val previous: BenchmarkReport?, val setting: Int)

    private val picker = ModelPicker(root.part(R.id.result_setting), onSetting)
    private val groups = root.part<ViewGroup>(R.id.result_groups)
    private val inflater = LayoutInflater.from(root.context)
    private val resources = root.resources
    private var shown: Shown? = null

    /** Shows the newest result of [state], each row with what became of the same one of the result before. */
    fun show(state: BenchmarkState) {
        root.visibility = if (state.report == null) View.GONE else View.VISIBLE
        val wanted = state.report?.let { Shown(it, state.previous, state.setting) } ?: return
        if (wanted == shown) return
        shown = wanted
        val settings = wanted.report.settings
        picker.show(settings.map { resources.getQuantityString(R.plurals.result_threads, it.threads, it.threads, onOff(it.xnnpack)) }, wanted.setting)
        val rows = wanted.report.rows.filter { it.options == settings.getOrNull(wanted.setting) }
        root.part<TextView>(R.id.result_mode).text = rows.firstOrNull()?.let { pace(it) }
        groups.removeAllViews()
        rows.groupBy { it.task to it.measure }.values.forEach { add(it, wanted.previous) }
    }

    private fun add(rows: List<BenchmarkRow>, previous: BenchmarkReport?) {
        val card = inflater.inflate(R.layout.benchmark_group, groups, false) as ViewGroup
        card.part<TextView>(R.id.group_name).text = name(rows.first())
        val longest = rows.maxOf { it.p90 }
        for (row in rows) {
            val view = inflater.inflate(R.layout.benchmark_row, card, false)
            view.part<TextView>(R.id.row_name).text = row.model.removePrefix("${row.task}_")
            view.part<LatencyBar>(R.id.row_bar).show(row, longest)
            val figures = listOf(R.id.row_p50 to row.p50, R.id.row_p90 to row.p90, R.id.row_p99 to row.p99, R.id.row_worst to row.max)
            for ((id, micros) in figures) view.part<TextView>(id).text = TimeText.of(micros).read(resources)
            view.part<TextView>(R.id.row_caption).text = caption(row, previous?.rows?.firstOrNull { it.isSameCase(row) })
            card.addView(view)
        }
        groups.addView(card)
    }

    private fun name(row: BenchmarkRow): String {
        // A result of another version may name a task that this one does not know.
        val task = ModelTask.values().firstOrNull { it.id == row.task }?.let { TaskName.of(it).read(resources) } ?: row.task
        return resources.getString(if (row.measure == Measure.STEP) R.string.result_step else R.string.result_keystroke, task)
    }

    private fun pace(row: BenchmarkRow) = when (row.mode) {
        Mode.BURST -> resources.getString(R.string.result_burst)
        Mode.PACED -> resources.getString(R.string.result_paced, row.periodMillis)
        Mode.SUSTAINED -> resources.getString(R.string.result_sustained)
    }

    private fun caption(row: BenchmarkRow, before: BenchmarkRow?): String {
        val cost = listOfNotNull(
            resources.getQuantityString(R.plurals.result_runs, row.count, row.count),
            row.late.takeIf { it > 0 }?.let { resources.getString(R.string.result_late, it) },
            resources.getString(R.string.result_load, TimeText.of(row.loadMillis * MICROS_A_MILLI).read(resources)),
            // What was freed meanwhile can be more than the model took.
            row.nativeHeap.takeIf { it > 0 }?.let { resources.getString(R.string.result_heap, BytesText.of(it).read(resources)) },
        )
        val drift = row.drift?.let { resources.getString(R.string.result_drift, it) }
        val change = before?.let { resources.getString(R.string.result_before, row.p50 / it.p50) }
        return listOfNotNull(cost.joinToString(" · "), drift, change).joinToString("\n")
    }

    private fun onOff(isOn: Boolean) = resources.getString(if (isOn) R.string.on else R.string.off)

    private companion object {
        const val MICROS_A_MILLI = 1e3
    }
}
