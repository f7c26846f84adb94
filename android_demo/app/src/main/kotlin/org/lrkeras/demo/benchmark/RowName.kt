package org.lrkeras.demo.benchmark

import android.content.res.Resources
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.core.benchmark.Measure
import org.lrkeras.demo.R

/** What a line of a result is called. */
internal object RowName {
    /** The model, and what was timed of it unless that is a step. */
    fun of(row: BenchmarkRow, resources: Resources): String = when (row.measure) {
        Measure.STEP -> row.model
        Measure.KEYSTROKE -> resources.getString(R.string.row_keystroke, row.model)
    }
}
