package org.lrkeras.demo.benchmark

import android.util.Log
import org.lrkeras.core.benchmark.Benchmark
import org.lrkeras.core.benchmark.BenchmarkCancelled
import org.lrkeras.core.benchmark.BenchmarkReport
import org.lrkeras.core.benchmark.BenchmarkRequest
import org.lrkeras.core.benchmark.LibrarySource
import org.lrkeras.core.benchmark.MemoryProbe
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.core.benchmark.ResultStore
import org.lrkeras.core.json.JsonException
import org.lrkeras.demo.R
import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.Worker
import java.io.File
import java.io.IOException

/**
 * Runs benchmarks and keeps their results. It outlives the activity: a benchmark goes on while the display turns.
 *
 * @param beforeRun Told before a benchmark starts, so that nothing else computes meanwhile.
 */
class BenchmarkController(
    private val models: Models,
    private val store: ResultStore,
    private val facts: DeviceFacts,
    private val memory: MemoryProbe,
    private val worker: Worker,
    private val beforeRun: () -> Unit,
) : StateHolder<BenchmarkState>(BenchmarkState()) {
    /** A finished benchmark, and what came of saving it. */
    private class Outcome(val json: String, val saved: Result<File>)

    @Volatile
    private var isCancelled = false

    /** Shows the newest results of before; the first time only. */
    fun start() {
        update { it.copy(device = facts.state()) }
        if (state.report != null || state.isRunning) return
        worker.run({ store.files().take(2).map { it to BenchmarkReport.read(it.readText()) } }) { result ->
            val found = result.getOrDefault(emptyList())
            update { it.copy(report = found.getOrNull(0)?.second, previous = found.getOrNull(1)?.second, file = found.getOrNull(0)?.first) }
        }
    }

    /** Chooses whether to measure with a number of threads. */
    fun chooseThreads(count: Int, isChosen: Boolean) =
        update { it.copy(threads = if (isChosen) it.threads + count else it.threads - count) }

    /** Chooses whether to measure with, or without, XNNPACK. */
    fun chooseDelegate(xnnpack: Boolean, isChosen: Boolean) =
        update { it.copy(delegates = if (isChosen) it.delegates + xnnpack else it.delegates - xnnpack) }

    /** Chooses how runs follow one another. */
    fun chooseMode(mode: Mode) = update { it.copy(mode = mode) }

    /** Chooses which setting of the newest result is shown. */
    fun chooseSetting(place: Int) = update { it.copy(setting = place) }

    /** Runs what is chosen on the screen; for minutes with the first of the choices alone. */
    fun run() {
        val isSustained = state.mode == Mode.SUSTAINED
        val delegates = if (state.delegates.size == 2 && !isSustained) "both" else if (true in state.delegates) "on" else "off"
        val threads = state.threads.sorted().take(if (isSustained) 1 else state.threads.size)
        run(BenchmarkRequest(threads = threads.joinToString(","), xnnpack = delegates, mode = state.mode.id))
    }

    /** Runs what is asked for; one at a time. */
    fun run(request: BenchmarkRequest) {
        if (state.isRunning) return
        isCancelled = false
        beforeRun()
        update { it.copy(isRunning = true, progress = null, message = null, device = facts.state()) }
        worker.run({ measured(request) }) { result -> finish(result) }
    }

    /** Stops a benchmark that runs; results of before stay. */
    fun cancel() {
        isCancelled = true
    }

    /** Tells that a result could not be handed on. */
    fun onShareFailed() = update { it.copy(message = UiText(R.string.share_failed)) }

    private fun measured(request: BenchmarkRequest): Outcome {
        val library = models.library
        val plan = request.plan(library.cards.associate { it.file to it.title })
        val before = facts.state()
        val benchmark = Benchmark(models.runtime, LibrarySource(library), memory, { facts.reading() }, { isCancelled }) { progress ->
            worker.tell { update { it.copy(progress = progress) } }
        }
        val cases = benchmark.run(plan)
        val device = facts.read() + mapOf("state_before" to before.toMap())
        val time = System.currentTimeMillis()
        val json = BenchmarkReport.toJson(time, device, plan, cases)
        return Outcome(json, runCatching { store.save(time, json) })
    }

    private fun finish(result: Result<Outcome>) {
        result.onSuccess { outcome -> show(outcome) }
        result.onFailure { error ->
            Log.w(TAG, "benchmark ended without a result: ${error.message}")
            val message = when (error) {
                is BenchmarkCancelled -> UiText(R.string.benchmark_cancelled)
                else -> UiText(R.string.benchmark_failed, error.message.orEmpty())
            }
            update { it.copy(message = message) }
        }
        update { it.copy(isRunning = false, progress = null, device = facts.state()) }
    }

    private fun show(outcome: Outcome) {
        val report = try {
            BenchmarkReport.read(outcome.json)
        } catch (error: JsonException) {
            throw IllegalStateException("Expected to read a report that was just written.", error)
        }
        val failed = outcome.saved.exceptionOrNull()
        val message = if (failed is IOException) UiText(R.string.save_failed, failed.message.orEmpty()) else null
        update { it.copy(report = report, setting = 0, previous = it.report, file = outcome.saved.getOrNull(), message = message) }
        // A device farm waits for this line.
        Log.i(TAG, "benchmark saved: ${outcome.saved.getOrNull()?.path ?: failed}")
    }

    private companion object {
        const val TAG = "lrkeras"
    }
}
