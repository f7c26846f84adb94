package org.lrkeras.core.benchmark

import org.lrkeras.core.runtime.SessionOptions

/**
 * What is measured: every model under every setting.
 *
 * @property models Names of the files.
 * @property settings Threads and delegates.
 * @property runs Timed runs of each model under each setting, at least.
 * @property nanos Timed nanoseconds of each, at least.
 * @property warmUpNanos Untimed nanoseconds of each before.
 * @property turn Timed runs before it is the next model's turn; as many untimed ones come before, to fill the caches.
 * @property seed Of the order of turns.
 */
data class BenchmarkPlan(
    val models: List<String>,
    val settings: List<SessionOptions>,
    val runs: Int = 200,
    val nanos: Long = 1_000_000_000,
    val warmUpNanos: Long = 500_000_000,
    val turn: Int = 10,
    val seed: Long = 0,
) {
    init {
        require(models.isNotEmpty()) { "Expected at least one model to measure, received none." }
        require(settings.isNotEmpty()) { "Expected at least one setting, received none." }
        require(runs in 1..MOST_RUNS) { "Expected 1 to $MOST_RUNS runs, received $runs." }
        require(nanos >= 0 && warmUpNanos >= 0 && turn > 0) { "Expected times of at least zero and turns of at least one run." }
    }

    companion object {
        /** Runs of a case after which it ends, however fast they are: their times are kept. */
        const val MOST_RUNS = 20_000

        /** Every number of threads with every choice for XNNPACK. */
        fun settings(threads: List<Int>, xnnpack: List<Boolean>): List<SessionOptions> =
            xnnpack.flatMap { on -> threads.map { SessionOptions(it, on) } }
    }
}
