package org.lrkeras.core.benchmark

/**
 * What it takes to get a model ready.
 *
 * @property mapNanos Mapping the file.
 * @property createNanos Making the interpreter, delegate included.
 * @property firstRunNanos The first step, in which kernels pack their weights.
 * @property before Memory before all that.
 * @property after Memory after the first step.
 */
data class LoadCost(
    val mapNanos: Long,
    val createNanos: Long,
    val firstRunNanos: Long,
    val before: MemorySample,
    val after: MemorySample,
)
