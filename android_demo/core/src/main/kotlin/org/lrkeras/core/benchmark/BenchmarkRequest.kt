package org.lrkeras.core.benchmark

/**
 * A benchmark as it is asked for from outside, in words: what `adb shell am start` can say.
 *
 * @property models Parts of model titles, separated by commas; empty for all.
 * @property threads Numbers separated by commas.
 * @property xnnpack `on`, `off` or `both`.
 * @property runs Runs of each case, at least.
 * @property millis Timed milliseconds of each case, at least.
 * @property warmUpMillis Untimed milliseconds of each case before.
 * @property mode `burst`, `paced` or `sustained`.
 * @property periodMillis Milliseconds from run to run where they are paced.
 * @property sustainedSeconds How long a sustained benchmark takes.
 */
data class BenchmarkRequest(
    val models: String = "",
    val threads: String = "1,2,4",
    val xnnpack: String = "both",
    val runs: Int = 200,
    val millis: Int = 1000,
    val warmUpMillis: Int = 500,
    val mode: String = Mode.BURST.id,
    val periodMillis: Int = 10,
    val sustainedSeconds: Int = 300,
) {
    /** The plan for a set of files, with the titles of their models; IllegalArgumentException says what is wrong. */
    fun plan(files: Map<String, String>): BenchmarkPlan {
        val parts = models.split(',').map { it.trim() }.filter { it.isNotEmpty() }
        val chosen = files.filterValues { title -> parts.isEmpty() || parts.any { it in title } }.keys.toList()
        require(chosen.isNotEmpty()) { "Expected parts of the titles ${files.values}, received \"$models\"." }
        val counts = threads.split(',').map { it.trim().toIntOrNull() }
        require(counts.all { it in THREADS }) { "Expected threads from $THREADS, such as \"1,2,4\", received \"$threads\"." }
        for (time in listOf(millis, warmUpMillis)) require(time in 0..MOST_MILLIS) { "Expected 0 to $MOST_MILLIS ms a case, received $time." }
        val delegates = requireNotNull(DELEGATES[xnnpack]) { "Expected xnnpack to be one of ${DELEGATES.keys}, received \"$xnnpack\"." }
        val settings = BenchmarkPlan.settings(counts.filterNotNull().distinct(), delegates)
        require(periodMillis in PERIODS) { "Expected a run every ${PERIODS.first} to ${PERIODS.last} ms, received $periodMillis." }
        require(sustainedSeconds in SECONDS) { "Expected ${SECONDS.first} to ${SECONDS.last} seconds, received $sustainedSeconds." }
        return BenchmarkPlan(
            chosen,
            settings,
            runs,
            millis * NANOS,
            warmUpMillis * NANOS,
            mode = Mode.of(mode),
            periodNanos = periodMillis * NANOS,
            sustainedNanos = sustainedSeconds * MILLIS_A_SECOND * NANOS,
        )
    }

    private companion object {
        val THREADS = 1..16
        const val MOST_MILLIS = 60_000
        val PERIODS = 1..1000
        val SECONDS = 1..3600
        const val NANOS = 1_000_000L
        const val MILLIS_A_SECOND = 1000
        val DELEGATES = mapOf("on" to listOf(true), "off" to listOf(false), "both" to listOf(true, false))
    }
}
