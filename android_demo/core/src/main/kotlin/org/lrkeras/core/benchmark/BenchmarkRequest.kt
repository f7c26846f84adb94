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
 */
data class BenchmarkRequest(
    val models: String = "",
    val threads: String = "1,2,4",
    val xnnpack: String = "both",
    val runs: Int = 200,
    val millis: Int = 1000,
    val warmUpMillis: Int = 500,
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
        return BenchmarkPlan(chosen, settings, runs, millis * NANOS, warmUpMillis * NANOS)
    }

    private companion object {
        val THREADS = 1..16
        const val MOST_MILLIS = 60_000
        const val NANOS = 1_000_000L
        val DELEGATES = mapOf("on" to listOf(true), "off" to listOf(false), "both" to listOf(true, false))
    }
}
