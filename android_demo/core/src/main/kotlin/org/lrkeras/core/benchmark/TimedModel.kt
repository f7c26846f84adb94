package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.SessionOptions

/** A loaded model whose runs are timed, a turn at a time. */
internal class TimedModel(
    private val card: ModelCard,
    private val options: SessionOptions,
    private val workload: Workload,
    private val load: LoadCost,
    private val memory: MemoryProbe,
) : AutoCloseable {
    private val nanos = LongArray(BenchmarkPlan.MOST_RUNS)
    private var count = 0
    private var total = 0L

    fun warmUp(nanos: Long, isCancelled: () -> Boolean) {
        val end = System.nanoTime() + nanos
        while (System.nanoTime() < end && !isCancelled()) repeat(WARM_UP_RUNS) { untimed() }
    }

    /** [runs] untimed runs, for caches that other models have filled, and as many timed ones. */
    fun turn(runs: Int) {
        repeat(runs) { untimed() }
        repeat(minOf(runs, nanos.size - count)) {
            workload.prepare()
            val begin = System.nanoTime()
            workload.run()
            val duration = System.nanoTime() - begin
            nanos[count++] = duration
            total += duration
        }
    }

    fun isDone(plan: BenchmarkPlan) = share(plan) >= 1

    /** How much of the plan is done, from 0 to 1. */
    fun share(plan: BenchmarkPlan): Double {
        if (count == nanos.size) return 1.0
        val time = if (plan.nanos == 0L) 1.0 else total.toDouble() / plan.nanos
        return minOf(1.0, count.toDouble() / plan.runs, time)
    }

    fun result(): BenchmarkCase {
        val now = memory.sample()
        val peak = MemorySample(maxOf(now.pss, load.after.pss), maxOf(now.nativeHeap, load.after.nativeHeap))
        return BenchmarkCase(card, workload.measure, options, load, peak, nanos.copyOf(count))
    }

    override fun close() = workload.close()

    private fun untimed() {
        workload.prepare()
        workload.run()
    }

    private companion object {
        const val WARM_UP_RUNS = 10
    }
}
