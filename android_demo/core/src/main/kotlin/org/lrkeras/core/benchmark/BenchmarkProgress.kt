package org.lrkeras.core.benchmark

import org.lrkeras.core.runtime.SessionOptions

/** How far a benchmark is: a share of 1, and the setting that is measured. */
data class BenchmarkProgress(val share: Double, val options: SessionOptions)
