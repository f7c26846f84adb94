package org.lrkeras.core.benchmark

import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner
import java.util.Random

/**
 * Measures models side by side.
 *
 * All models are loaded under one setting, and take turns in an order that is drawn anew for each round: what changes
 * while the benchmark runs, such as the clock of the processor, then changes for all of them. The next setting follows.
 *
 * @param isCancelled Asked between turns.
 * @param onProgress Told after each round.
 */
class Benchmark(
    private val runtime: InferenceRuntime,
    private val source: ModelSource,
    private val memory: MemoryProbe,
    private val isCancelled: () -> Boolean = { false },
    private val onProgress: (BenchmarkProgress) -> Unit = {},
) {
    /** Runs the plan; throws [BenchmarkCancelled] if it is stopped. Whatever happens, every model is closed. */
    fun run(plan: BenchmarkPlan): List<BenchmarkCase> =
        plan.settings.flatMapIndexed { index, options ->
            val loaded = ArrayList<TimedModel>()
            try {
                for (file in plan.models) {
                    checkCancelled()
                    loaded.add(load(file, options))
                }
                measure(plan, loaded) { share -> onProgress(BenchmarkProgress((index + share) / plan.settings.size, options)) }
                loaded.map { it.result() }
            } finally {
                loaded.forEach { it.close() }
            }
        }

    private fun load(file: String, options: SessionOptions): TimedModel {
        val card = source.card(file)
        val before = memory.sample()
        val begin = System.nanoTime()
        val data = source.map(file)
        val mapped = System.nanoTime()
        val session = runtime.open(data, options)
        val created = System.nanoTime()
        val workload = try {
            StepWorkload(StepRunner(session), card)
        } catch (error: RuntimeException) {
            session.close()
            throw error
        }
        workload.prepare()
        val first = System.nanoTime()
        workload.run()
        val ran = System.nanoTime()
        val cost = LoadCost(mapped - begin, created - mapped, ran - first, before, memory.sample())
        return TimedModel(card, options, workload, cost, memory)
    }

    private fun measure(plan: BenchmarkPlan, models: List<TimedModel>, onShare: (Double) -> Unit) {
        val random = Random(plan.seed)
        for (model in models) {
            checkCancelled()
            model.warmUp(plan.warmUpNanos, isCancelled)
        }
        while (true) {
            val open = models.filter { !it.isDone(plan) }
            if (open.isEmpty()) return
            for (model in open.shuffled(random)) {
                checkCancelled()
                model.turn(plan.turn)
            }
            onShare(models.sumOf { it.share(plan) } / models.size)
        }
    }

    private fun checkCancelled() {
        if (isCancelled()) throw BenchmarkCancelled()
    }
}
