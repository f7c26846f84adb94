package org.lrkeras.core.benchmark

import org.lrkeras.core.json.JsonException
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.json.JsonWriter

/**
 * A finished benchmark.
 *
 * @property time When it ended, in milliseconds since 1970.
 * @property device What it ran on: whatever the app knows of the device, the build and the runtime.
 * @property rows One line for each case.
 */
class BenchmarkReport(val time: Long, val device: Map<String, Any?>, val rows: List<BenchmarkRow>) {
    companion object {
        private const val FORMAT = 2

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
                    ),
                    "cases" to cases.map { case(it) },
                ),
            )

        /** Reads what [toJson] wrote; the times of single runs are left out. */
        fun read(text: String): BenchmarkReport {
            val found = JsonObject.parse(text)
            val device = (found["device"] as? Map<*, *>).orEmpty().entries.associate { (key, value) -> "$key" to value }
            return BenchmarkReport(found.double("time_ms").toLong(), device, found.objects("cases").map { row(it) })
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
            "run_us" to with(case.stats) {
                mapOf("count" to count, "mean" to mean, "p50" to p50, "p90" to p90, "p99" to p99, "max" to max)
            },
            "samples_ns" to case.nanos,
        )

        private fun memory(sample: MemorySample) = mapOf("pss" to sample.pss, "native_heap" to sample.nativeHeap)

        private fun row(case: JsonObject): BenchmarkRow {
            val run = case.child("run_us")
            val measure = Measure.values().firstOrNull { it.id == case.text("measure") }
            val memory = case.child("memory")
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
            )
        }
    }
}
