package org.lrkeras.core.benchmark

import org.lrkeras.core.runtime.SessionOptions

/**
 * One line of a result, as it is shown and compared; times in microseconds, memory in bytes.
 *
 * @property model Title of the model; [task] its task.
 * @property measure What a run is; its load and memory are those of the model in either case.
 * @property mode How its runs followed one another, every [periodMillis] where they were paced.
 * @property late Runs that had not ended when the next one was due.
 * @property drift Median of the last part of a sustained benchmark over that of the first; null for others.
 * @property nativeHeap How much the native heap grew with the model.
 */
data class BenchmarkRow(
    val model: String,
    val task: String,
    val measure: Measure,
    val sha256: String,
    val threads: Int,
    val xnnpack: Boolean,
    val count: Int,
    val p50: Double,
    val p90: Double,
    val p99: Double,
    val max: Double,
    val loadMillis: Double,
    val nativeHeap: Long,
    val fileBytes: Int,
    val mode: Mode = Mode.BURST,
    val periodMillis: Double = 0.0,
    val late: Int = 0,
    val drift: Double? = null,
) {
    /** The setting that it was measured under. */
    val options: SessionOptions get() = SessionOptions(threads, xnnpack)

    /** Whether [other] is the same measure of the same file under the same setting. */
    fun isSameCase(other: BenchmarkRow) =
        sha256 == other.sha256 && measure == other.measure && options == other.options &&
            mode == other.mode && periodMillis == other.periodMillis
}
