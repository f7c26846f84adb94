package org.lrkeras.core.benchmark

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.CountingSession
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import java.nio.ByteBuffer

class BenchmarkTest {
    private val opened = ArrayList<Pair<CountingSession, SessionOptions>>()
    private val order = ArrayList<Int>()
    private val begins = ArrayList<Pair<Int, Long>>()
    private var slowEvery = Int.MAX_VALUE

    private val runtime = object : InferenceRuntime {
        override val version = "fake 1"

        override fun open(model: ByteBuffer, options: SessionOptions): InferenceSession {
            if (model.limit() == 0) throw ModelFileException("Expected a model, received nothing.")
            val number = opened.size
            val session = CountingSession(width = 3)
            opened += session to options
            return object : InferenceSession by session {
                override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
                    order += number
                    begins += number to System.nanoTime()
                    if (order.size % slowEvery == 0) Thread.sleep(8)
                    session.run(signature, inputs, outputs)
                }
            }
        }
    }

    private val source = object : ModelSource {
        override fun map(file: String): ByteBuffer = ByteBuffer.allocateDirect(if (file == "broken") 0 else 8)

        override fun card(file: String): ModelCard {
            val task = if (file == "words") ModelTask.WORDS else ModelTask.FRONT_END
            return ModelCard(file, "model $file", task, 8, JsonObject.parse("""{"vocabulary": ["<unk>", "<eos>", "hi"]}""")) { "hash of $file" }
        }
    }

    private val memory = MemoryProbe { MemorySample(pss = 1000L * (opened.size + 1), nativeHeap = 10L * (opened.size + 1)) }

    private fun plan(vararg files: String, runs: Int = 30) =
        BenchmarkPlan(files.toList(), BenchmarkPlan.settings(listOf(1, 2), listOf(true)), runs, nanos = 0, warmUpNanos = 0, turn = 10)

    @Test
    fun everyModelIsMeasuredUnderEverySetting() {
        val shares = ArrayList<Double>()
        val cases = Benchmark(runtime, source, memory, onProgress = { shares += it.share }).run(plan("a", "b"))
        assertEquals(listOf("a" to 1, "b" to 1, "a" to 2, "b" to 2), cases.map { it.card.file to it.options.threads })
        assertTrue(cases.all { it.nanos.size == 30 && it.nanos.all { time -> time > 0 } })
        assertTrue(opened.all { it.first.isClosed })
        // One first run, and in three turns ten untimed and ten timed ones.
        assertTrue(opened.all { it.first.runs == 61 })
        assertEquals(shares.sorted(), shares)
        assertEquals(1.0, shares.last(), 0.0)
        assertEquals(1000L, cases[0].load.before.pss)
        assertEquals(20L, cases[0].load.after.nativeHeap)
        assertEquals(30L, cases[0].peak.nativeHeap)
    }

    @Test
    fun wordModelsAreTimedByKeystrokesToo() {
        val plan = plan("words", "a").copy(settings = BenchmarkPlan.settings(listOf(1), listOf(true)))
        val cases = Benchmark(runtime, source, memory).run(plan)
        assertEquals(listOf("words" to "step", "words" to "keystroke", "a" to "step"), cases.map { it.card.file to it.measure.id })
        assertEquals(2, opened.size)
        assertTrue(opened.all { it.first.isClosed })
        // A first run, 60 steps, and 60 keystrokes: "Hi, I will be late for dinner tonight. Can you please wait f"
        // has 14 tokens before the f, and the start of the message is one more.
        assertEquals(1 + 60 + 15, opened[0].first.runs)
        val report = BenchmarkReport.read(BenchmarkReport.toJson(1, emptyMap(), plan, cases))
        assertEquals(listOf(Measure.STEP, Measure.KEYSTROKE, Measure.STEP), report.rows.map { it.measure })
        assertTrue(!report.rows[0].isSameCase(report.rows[1]))
    }

    @Test
    fun modelsTakeTurnsInAnOrderThatChanges() {
        Benchmark(runtime, source, memory).run(plan("a", "b", "c", runs = 200))
        // After the three first runs, turns of twenty; the first of the two settings.
        val turns = order.drop(3).take(3 * 20 * 20).chunked(20)
        assertTrue(turns.all { it.toSet().size == 1 })
        val rounds = turns.map { it[0] }.chunked(3)
        assertTrue(rounds.all { it.toSet().size == 3 })
        assertTrue(rounds.toSet().size > 2)
    }

    @Test
    fun stoppingClosesEverything() {
        var asked = 0
        val benchmark = Benchmark(runtime, source, memory, isCancelled = { ++asked > 12 })
        assertThrows(BenchmarkCancelled::class.java) { benchmark.run(plan("a", "b", runs = 20_000)) }
        assertEquals(2, opened.size)
        assertTrue(opened.all { it.first.isClosed })
    }

    @Test
    fun aModelThatFailsEndsItWithAReasonAndClosesTheOthers() {
        val error = assertThrows(ModelFileException::class.java) { Benchmark(runtime, source, memory).run(plan("a", "broken")) }
        assertEquals("Expected a model, received nothing.", error.message)
        assertTrue(opened.single().first.isClosed)
    }

    @Test
    fun theReportHoldsEveryRun() {
        val plan = plan("a", "b")
        val cases = Benchmark(runtime, source, memory).run(plan)
        val json = BenchmarkReport.toJson(123, mapOf("model" to "phone"), plan, cases)
        val written = JsonObject.parse(json)
        val samples = written.objects("cases").map { case -> (case["samples_ns"] as List<*>).map { it as Long }.toLongArray() }
        samples.zip(cases).forEach { (read, case) -> assertArrayEquals(case.nanos, read) }
        val report = BenchmarkReport.read(json)
        assertEquals(123L, report.time)
        assertEquals("phone", report.device["model"])
        val sorted = cases[3].nanos.sortedArray()
        val row = report.rows[3]
        assertEquals(listOf("model b · float32", 2, true, 30), listOf(row.model, row.threads, row.xnnpack, row.count))
        assertEquals(sorted[14] / 1e3, row.p50, 1e-9)
        assertEquals(sorted[26] / 1e3, row.p90, 1e-9)
        assertEquals(10L, row.nativeHeap)
        assertTrue(row.isSameCase(BenchmarkReport.read(json).rows[3]))
        assertTrue(!row.isSameCase(report.rows[1]))
    }

    private fun alone(plan: BenchmarkPlan) = plan.copy(settings = BenchmarkPlan.settings(listOf(1), listOf(true)))

    @Test
    fun pacedRunsBeginAPeriodApart() {
        val period = 3_000_000L
        val plan = alone(plan("a", "b", runs = 200)).copy(mode = Mode.PACED, periodNanos = period, nanos = 1_000_000_000)
        val cases = Benchmark(runtime, source, memory).run(plan)
        // Two turns of half a second.
        assertTrue(cases.all { it.nanos.size == 2 * 166 && it.late in 0..2 * 166 })
        val runs = begins.drop(2)
        // Three runs before each turn are not counted.
        assertEquals(2 * 2 * (166 + 3), runs.size)
        // One that began late does not put off the next: it is the whole that takes as long as it should.
        assertTrue(runs.last().second - runs.first().second >= (runs.size - 2) * period)
        val changes = runs.zipWithNext().count { (one, next) -> one.first != next.first }
        assertTrue("$changes", changes in 2..3)
        val report = BenchmarkReport.read(BenchmarkReport.toJson(1, emptyMap(), plan, cases))
        assertEquals(listOf(Mode.PACED, 3.0), report.rows[0].let { listOf(it.mode, it.periodMillis) })
        assertEquals(cases[0].late, report.rows[0].late)
        assertNull(report.rows[0].drift)
    }

    @Test
    fun runsThatAreLongerThanThePeriodAreLate() {
        slowEvery = 10
        val plan = alone(plan("a", runs = 40)).copy(mode = Mode.PACED, periodNanos = 5_000_000)
        val case = Benchmark(runtime, source, memory).run(plan).single()
        assertTrue("${case.late}", case.late in 3..40)
        assertEquals(case.late, case.nanos.count { it > plan.periodNanos })
    }

    @Test
    fun aSustainedBenchmarkIsToldInParts() {
        var asked = 0L
        val plan = alone(plan("a", "b")).copy(mode = Mode.SUSTAINED, sustainedNanos = 250_000_000, windowNanos = 100_000_000)
        val shares = ArrayList<Double>()
        val benchmark = Benchmark(runtime, source, memory, { DeviceReading(1, ++asked, null) }, onProgress = { shares += it.share })
        val cases = benchmark.run(plan)
        assertEquals(3, asked)
        for (case in cases) {
            assertEquals(listOf(1L, 2L, 3L), case.windows.map { it.device.clockKhz })
            assertTrue(case.windows.map { it.endSeconds }.zip(listOf(0.1, 0.2, 0.25)).all { (found, due) -> found >= due })
            // Of each part no more than a third of what is kept at all.
            assertTrue(case.windows.all { it.stats!!.count in 1..BenchmarkPlan.MOST_RUNS / 3 })
            assertEquals(case.nanos.size, case.windows.sumOf { it.stats!!.count })
        }
        assertEquals(1.0, shares.last(), 0.0)
        val json = BenchmarkReport.toJson(1, emptyMap(), plan, cases)
        val row = BenchmarkReport.read(json).rows[0]
        assertEquals(cases[0].windows[2].stats!!.p50 / cases[0].windows[0].stats!!.p50, row.drift!!, 1e-9)
        assertEquals(1L, JsonObject.parse(json).objects("cases")[0].objects("windows")[0]["thermal_status"])
        assertThrows(IllegalArgumentException::class.java) { plan("a").copy(mode = Mode.SUSTAINED) }
    }

    @Test
    fun resultsOfBeforeThereWereModesAreBursts() {
        val plan = plan("a")
        val json = BenchmarkReport.toJson(1, emptyMap(), plan, Benchmark(runtime, source, memory).run(plan))
        val old = json.replace(Regex(""",\s*"(mode|period_ns|sustained_ns|late|windows)":\s*("burst"|\d+|\[])"""), "")
        assertTrue(old, "windows" !in old && "mode\"" !in old)
        val row = BenchmarkReport.read(old).rows[0]
        assertEquals(listOf(Mode.BURST, 0, null), listOf(row.mode, row.late, row.drift))
        assertTrue(row.isSameCase(BenchmarkReport.read(json).rows[0]))
    }
}
