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
 * @property mode How runs follow one another.
 * @property periodNanos From the beginning of a run to that of the next, where they are paced.
 * @property sustainedNanos How long all models together run, where that is sustained; [runs] and [nanos] say nothing then.
 * @property windowNanos Length of the parts that a sustained benchmark is told in.
 */
data class BenchmarkPlan(
    val models: List<String>,
    val settings: List<SessionOptions>,
    val runs: Int = 200,
    val nanos: Long = 1_000_000_000,
    val warmUpNanos: Long = 500_000_000,
    val turn: Int = 10,
    val seed: Long = 0,
    val mode: Mode = Mode.BURST,
    val periodNanos: Long = 10_000_000,
    val sustainedNanos: Long = 300_000_000_000,
    val windowNanos: Long = 10_000_000_000,
) {
    /** Parts of a sustained benchmark. */
    val windows: Int get() = ((sustainedNanos + windowNanos - 1) / windowNanos).toInt()

    init {
        require(models.isNotEmpty()) { "Expected at least one model to measure, received none." }
        require(settings.isNotEmpty()) { "Expected at least one setting, received none." }
        val isOne = mode != Mode.SUSTAINED || settings.size == 1
        require(isOne) { "Expected one number of threads, with or without XNNPACK, for a sustained benchmark, received ${settings.size} settings." }
        require(runs in 1..MOST_RUNS) { "Expected 1 to $MOST_RUNS runs, received $runs." }
        require(periodNanos > 0 && sustainedNanos > 0 && windowNanos > 0) { "Expected times of more than zero." }
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
