package org.lrkeras.core.benchmark

import org.lrkeras.core.json.JsonException
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.json.JsonWriter
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.stats.LatencyStats

/**
 * A finished benchmark.
 *
 * @property time When it ended, in milliseconds since 1970.
 * @property device What it ran on: whatever the app knows of the device, the build and the runtime.
 * @property rows One line for each case.
 */
class BenchmarkReport(val time: Long, val device: Map<String, Any?>, val rows: List<BenchmarkRow>) {
    /** The settings of the [rows], in their order. */
    val settings: List<SessionOptions> get() = rows.map { it.options }.distinct()

    companion object {
        private const val FORMAT = 3

        /** The report as JSON, with the time of every run. */
        fun toJson(time: Long, device: Map<String, Any?>, plan: BenchmarkPlan, cases: List<BenchmarkCase>): String =
            JsonWriter.write(
                mapOf(
                    "format" to FORMAT,
                    "time_ms" to time,
                    "device" to device,
                    "plan" to mapOf(
                        "runs" to plan.runs,
                        "nanos" to plan.nanos,
                        "warm_up_nanos" to plan.warmUpNanos,
                        "turn" to plan.turn,
                        "seed" to plan.seed,
                        "mode" to plan.mode.id,
                        "period_ns" to plan.periodNanos,
                        "sustained_ns" to plan.sustainedNanos,
                    ),
                    "cases" to cases.map { case(it) },
                ),
            )

        /** Reads what [toJson] wrote; the times of single runs are left out. */
        fun read(text: String): BenchmarkReport {
            val found = JsonObject.parse(text)
            val device = (found["device"] as? Map<*, *>).orEmpty().entries.associate { (key, value) -> "$key" to value }
            return BenchmarkReport(found.double("time_ms").toLong(), device, found.objects("cases").map { row(it, found.child("plan")) })
        }

        private fun case(case: BenchmarkCase): Map<String, Any?> = mapOf(
            "model" to case.card.title,
            "file" to case.card.file,
            "task" to case.card.task.id,
            "measure" to case.measure.id,
            "sha256" to case.card.sha256,
            "bytes" to case.card.bytes,
            "threads" to case.options.threads,
            "xnnpack" to case.options.xnnpack,
            "map_ns" to case.load.mapNanos,
            "create_ns" to case.load.createNanos,
            "first_run_ns" to case.load.firstRunNanos,
            "memory" to mapOf("before" to memory(case.load.before), "after" to memory(case.load.after), "peak" to memory(case.peak)),
            "run_us" to stats(case.stats),
            "late" to case.late,
            "windows" to case.windows.map { window(it) },
            "samples_ns" to case.nanos,
        )

        private fun window(window: SustainedWindow) = mapOf(
            "end_s" to window.endSeconds,
            "run_us" to window.stats?.let { stats(it) },
            "thermal_status" to window.device.thermalStatus,
            "clock_khz" to window.device.clockKhz,
            "charge_uah" to window.device.chargeMicroampHours,
        )

        private fun stats(stats: LatencyStats) = with(stats) {
            mapOf("count" to count, "mean" to mean, "p50" to p50, "p90" to p90, "p99" to p99, "max" to max)
        }

        private fun memory(sample: MemorySample) = mapOf("pss" to sample.pss, "native_heap" to sample.nativeHeap)

        private fun row(case: JsonObject, plan: JsonObject): BenchmarkRow {
            val run = case.child("run_us")
            val measure = Measure.values().firstOrNull { it.id == case.text("measure") }
            val memory = case.child("memory")
            // Results of format 2 have bursts alone.
            val mode = plan.textOrNull("mode")?.let { mode(it) } ?: Mode.BURST
            val loadNanos = case.double("map_ns") + case.double("create_ns") + case.double("first_run_ns")
            return BenchmarkRow(
                model = case.text("model"),
                task = case.text("task"),
                measure = measure ?: throw JsonException("Expected a measure of ${Measure.values().map { it.id }}, received \"${case["measure"]}\"."),
                sha256 = case.text("sha256"),
                threads = case.int("threads"),
                xnnpack = case["xnnpack"] == true,
                count = run.int("count"),
                p50 = run.double("p50"),
                p90 = run.double("p90"),
                p99 = run.double("p99"),
                max = run.double("max"),
                loadMillis = loadNanos / 1e6,
                nativeHeap = (memory.child("after").double("native_heap") - memory.child("before").double("native_heap")).toLong(),
                fileBytes = case.int("bytes"),
                mode = mode,
                periodMillis = if (mode == Mode.PACED) plan.double("period_ns") / 1e6 else 0.0,
                late = (case["late"] as? Long ?: 0).toInt(),
                drift = drift(case),
            )
        }

        private fun mode(id: String) = try {
            Mode.of(id)
        } catch (error: IllegalArgumentException) {
            throw JsonException(error.message.orEmpty())
        }

        private fun drift(case: JsonObject): Double? {
            if (case["windows"] == null) return null
            val medians = case.objects("windows").mapNotNull { (it["run_us"] as? Map<*, *>)?.let { stats -> JsonObject(stats).double("p50") } }
            return if (medians.size < 2) null else medians.last() / medians.first()
        }
    }
}
