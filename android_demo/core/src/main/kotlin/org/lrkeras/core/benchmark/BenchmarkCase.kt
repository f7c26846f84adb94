package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.stats.LatencyStats

/**
 * What was measured of one model under one setting.
 *
 * @property measure What a run is.
 * @property load Cost of getting it ready.
 * @property peak Memory after its timed runs, or after the load if that was more.
 * @property nanos Time of each run, in the order of the runs; of a sustained benchmark as many of each part as are kept.
 * @property late Runs of a paced benchmark that had not ended when the next one was due.
 * @property windows The parts of a sustained benchmark.
 */
class BenchmarkCase(
    val card: ModelCard,
    val measure: Measure,
    val options: SessionOptions,
    val load: LoadCost,
    val peak: MemorySample,
    val nanos: LongArray,
    val late: Int = 0,
    val windows: List<SustainedWindow> = emptyList(),
) {
    /** Percentiles of [nanos]. */
    val stats: LatencyStats = LatencyStats.of(nanos)
}
