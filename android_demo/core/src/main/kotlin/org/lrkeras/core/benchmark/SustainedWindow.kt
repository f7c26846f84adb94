package org.lrkeras.core.benchmark

import org.lrkeras.core.stats.LatencyStats

/**
 * A part of a sustained benchmark.
 *
 * @property endSeconds When it ended, from the beginning of the benchmark.
 * @property stats Of the runs of one model in it; null if all that is kept was of parts before.
 * @property device The device at the end of it.
 */
data class SustainedWindow(val endSeconds: Double, val stats: LatencyStats?, val device: DeviceReading)
