package org.lrkeras.demo.benchmark

import org.lrkeras.core.benchmark.BenchmarkProgress
import org.lrkeras.core.benchmark.BenchmarkReport
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.demo.common.UiText
import java.io.File

/**
 * What the benchmark's screen shows.
 *
 * @property threads Numbers of threads to measure.
 * @property delegates Whether to measure with XNNPACK (true), without (false).
 * @property mode How runs follow one another.
 * @property progress How far a benchmark is that runs; null if none does.
 * @property report The newest result.
 * @property setting Place of the setting that is shown, among those of the newest result.
 * @property previous The one before, to compare with.
 * @property file The newest result on the storage; null if it could not be saved.
 */
data class BenchmarkState(
    val threads: Set<Int> = setOf(1, 2, 4),
    val delegates: Set<Boolean> = setOf(true, false),
    val mode: Mode = Mode.BURST,
    val isRunning: Boolean = false,
    val progress: BenchmarkProgress? = null,
    val device: DeviceState? = null,
    val report: BenchmarkReport? = null,
    val setting: Int = 0,
    val previous: BenchmarkReport? = null,
    val file: File? = null,
    val message: UiText? = null,
) {
    val canStart: Boolean get() = !isRunning && threads.isNotEmpty() && delegates.isNotEmpty()
}
