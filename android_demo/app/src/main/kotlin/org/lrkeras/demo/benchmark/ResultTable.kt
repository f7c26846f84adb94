package org.lrkeras.demo.benchmark

import android.graphics.Typeface
import android.view.Gravity
import android.widget.TableLayout
import android.widget.TableRow
import android.widget.TextView
import org.lrkeras.core.benchmark.BenchmarkReport
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.demo.R
import org.lrkeras.demo.common.BytesText

/** A result as rows of text: one for each model and setting. */
class ResultTable(private val table: TableLayout) {
    private var shown: Pair<BenchmarkReport?, BenchmarkReport?>? = null

    /** Shows [report], each row beside the same one of [previous]. */
    fun show(report: BenchmarkReport?, previous: BenchmarkReport?) {
        if (shown == report to previous) return
        shown = report to previous
        table.removeAllViews()
        if (report == null) return
        add(table.resources.getStringArray(R.array.table_columns).toList(), isHeader = true)
        report.rows.forEach { row -> add(cells(row, previous?.rows?.firstOrNull { it.isSameCase(row) }), isHeader = false) }
    }

    private fun cells(row: BenchmarkRow, before: BenchmarkRow?): List<String> {
        val resources = table.resources
        fun micros(value: Double) = resources.getString(R.string.table_micros, value)
        return listOf(
            RowName.of(row, resources),
            row.threads.toString(),
            resources.getString(if (row.xnnpack) R.string.on else R.string.off),
            micros(row.p50),
            micros(row.p90),
            micros(row.p99),
            micros(row.max),
            if (row.late == 0) row.count.toString() else resources.getString(R.string.table_late, row.count, row.late),
            resources.getString(R.string.table_millis, row.loadMillis),
            BytesText.of(row.nativeHeap).read(resources),
            ratio(row.drift),
            ratio(before?.let { row.p50 / it.p50 }),
        )
    }

    private fun ratio(value: Double?) = with(table.resources) { value?.let { getString(R.string.table_ratio, it) } ?: getString(R.string.unknown) }

    private fun add(cells: List<String>, isHeader: Boolean) {
        val row = TableRow(table.context)
        val padding = table.resources.getDimensionPixelSize(R.dimen.cell_padding)
        cells.forEachIndexed { column, text ->
            val cell = TextView(table.context)
            cell.text = text
            cell.gravity = if (column == 0) Gravity.START else Gravity.END
            cell.setPaddingRelative(0, padding, 2 * padding, padding)
            if (isHeader) cell.setTypeface(null, Typeface.BOLD)
            row.addView(cell)
        }
        table.addView(row)
    }
}
