package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.stats.LatencyStats
import java.util.concurrent.locks.LockSupport

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
    private var late = 0
    private val windows = ArrayList<SustainedWindow>()
    private var windowBegin = 0

    fun warmUp(nanos: Long, isCancelled: () -> Boolean) {
        val end = System.nanoTime() + nanos
        while (System.nanoTime() < end && !isCancelled()) repeat(WARM_UP_RUNS) { untimed() }
    }

    /** [runs] untimed runs, for caches that other models have filled, and as many timed ones. */
    fun turn(runs: Int) {
        repeat(runs) { untimed() }
        repeat(minOf(runs, nanos.size - count)) { timed() }
    }

    /** [runs] timed runs, each of which begins [period] nanoseconds after the one before; a few untimed ones come first. */
    fun pacedTurn(runs: Int, period: Long) {
        var due = System.nanoTime()
        for (run in -WARM_UP_PACED until minOf(runs, nanos.size - count)) {
            if (run < 0) untimed() else if (timed() > period) late++
            // A run that is late puts off the ones after it; it does not make them hurry.
            due = maxOf(due + period, System.nanoTime())
            while (true) {
                val left = due - System.nanoTime()
                if (left <= 0) break
                LockSupport.parkNanos(left)
            }
        }
    }

    /** A turn of a sustained benchmark: of a part of it no more than [most] times are kept. */
    fun sustainedTurn(runs: Int, most: Int) {
        val kept = minOf(runs, most - (count - windowBegin), nanos.size - count).coerceAtLeast(0)
        repeat(runs - kept) { untimed() }
        repeat(kept) { timed() }
    }

    /** Ends a part of a sustained benchmark. */
    fun endWindow(seconds: Double, device: DeviceReading) {
        val found = nanos.copyOfRange(windowBegin, count)
        windows += SustainedWindow(seconds, if (found.isEmpty()) null else LatencyStats.of(found), device)
        windowBegin = count
    }

    fun isDone(plan: BenchmarkPlan) = share(plan) >= 1

    /** How much of the plan is done, from 0 to 1. */
    fun share(plan: BenchmarkPlan): Double {
        if (count == nanos.size) return 1.0
        val time = if (plan.nanos == 0L || plan.mode == Mode.PACED) 1.0 else total.toDouble() / plan.nanos
        return minOf(1.0, count.toDouble() / plan.runs, time)
    }

    fun result(): BenchmarkCase {
        val now = memory.sample()
        val peak = MemorySample(maxOf(now.pss, load.after.pss), maxOf(now.nativeHeap, load.after.nativeHeap))
        return BenchmarkCase(card, workload.measure, options, load, peak, nanos.copyOf(count), late, windows)
    }

    override fun close() = workload.close()

    private fun timed(): Long {
        workload.prepare()
        val begin = System.nanoTime()
        workload.run()
        val duration = System.nanoTime() - begin
        nanos[count++] = duration
        total += duration
        return duration
    }

    private fun untimed() {
        workload.prepare()
        workload.run()
    }

    private companion object {
        const val WARM_UP_RUNS = 10
        const val WARM_UP_PACED = 3
    }
}
