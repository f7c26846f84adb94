package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner
import java.util.Random

/**
 * Measures models side by side.
 *
 * All models are loaded under one setting, and take turns in an order that is drawn anew for each round: what changes
 * while the benchmark runs, such as the clock of the processor, then changes for all of them. The next setting follows.
 *
 * A paced benchmark takes turns of half a second, in which one model runs every so often. In a sustained one all models
 * go on taking turns for minutes, so that each meets the same heat; it is told in parts.
 *
 * @param device Asked at the end of each part of a sustained benchmark.
 * @param isCancelled Asked between turns.
 * @param onProgress Told after each round.
 */
class Benchmark(
    private val runtime: InferenceRuntime,
    private val source: ModelSource,
    private val memory: MemoryProbe,
    private val device: DeviceProbe = DeviceProbe { DeviceReading.NONE },
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
                    loaded += load(file, options)
                }
                measure(plan, loaded) { share -> onProgress(BenchmarkProgress((index + share) / plan.settings.size, options)) }
                loaded.map { it.result() }
            } finally {
                loaded.forEach { it.close() }
            }
        }

    /** Loads a file; a word model is timed in two ways. */
    private fun load(file: String, options: SessionOptions): List<TimedModel> {
        val card = source.card(file)
        val before = memory.sample()
        val begin = System.nanoTime()
        val data = source.map(file)
        val mapped = System.nanoTime()
        val session = runtime.open(data, options)
        val created = System.nanoTime()
        val workloads = try {
            workloads(session, card)
        } catch (error: Exception) {
            session.close()
            throw error
        }
        workloads.first().prepare()
        val first = System.nanoTime()
        workloads.first().run()
        val ran = System.nanoTime()
        val cost = LoadCost(mapped - begin, created - mapped, ran - first, before, memory.sample())
        return workloads.map { TimedModel(card, options, it, cost, memory) }
    }

    /** States belong to runners, so that two of them share a session. */
    private fun workloads(session: InferenceSession, card: ModelCard): List<Workload> {
        val steps = StepWorkload(StepRunner(session), card)
        return if (card.task == ModelTask.WORDS) listOf(steps, KeystrokeWorkload(StepRunner(session), card)) else listOf(steps)
    }

    private fun measure(plan: BenchmarkPlan, models: List<TimedModel>, onShare: (Double) -> Unit) {
        val random = Random(plan.seed)
        for (model in models) {
            checkCancelled()
            model.warmUp(plan.warmUpNanos, isCancelled)
        }
        if (plan.mode == Mode.SUSTAINED) return sustain(plan, models, random, onShare)
        val pacedTurn = (PACED_TURN_NANOS / plan.periodNanos).toInt().coerceAtLeast(1)
        while (true) {
            val open = models.filter { !it.isDone(plan) }
            if (open.isEmpty()) return
            for (model in open.shuffled(random)) {
                checkCancelled()
                if (plan.mode == Mode.PACED) model.pacedTurn(pacedTurn, plan.periodNanos) else model.turn(plan.turn)
            }
            onShare(models.sumOf { it.share(plan) } / models.size)
        }
    }

    private fun sustain(plan: BenchmarkPlan, models: List<TimedModel>, random: Random, onShare: (Double) -> Unit) {
        val begin = System.nanoTime()
        val most = (BenchmarkPlan.MOST_RUNS / plan.windows).coerceAtLeast(1)
        for (window in 1..plan.windows) {
            val end = minOf(window * plan.windowNanos, plan.sustainedNanos)
            do {
                for (model in models.shuffled(random)) {
                    checkCancelled()
                    model.sustainedTurn(plan.turn, most)
                }
                // Read once: what ends the last part is the whole of it.
                val passed = System.nanoTime() - begin
                onShare(minOf(1.0, passed.toDouble() / plan.sustainedNanos))
            } while (passed < end)
            val reading = device.read()
            val seconds = (System.nanoTime() - begin) / NANOS_A_SECOND
            models.forEach { it.endWindow(seconds, reading) }
        }
    }

    private fun checkCancelled() {
        if (isCancelled()) throw BenchmarkCancelled()
    }

    private companion object {
        const val PACED_TURN_NANOS = 500_000_000L
        const val NANOS_A_SECOND = 1e9
    }
}
