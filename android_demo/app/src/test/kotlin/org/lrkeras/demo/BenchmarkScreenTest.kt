package org.lrkeras.demo

import android.content.Intent
import android.os.PowerManager
import android.view.View
import android.widget.Button
import android.widget.CheckBox
import android.widget.ProgressBar
import android.widget.RadioButton
import android.widget.TableLayout
import android.widget.TableRow
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.benchmark.BenchmarkRequest
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.benchmark.LatencyChart
import org.lrkeras.demo.benchmark.ResultProvider
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import java.io.File

class BenchmarkScreenTest : ScreenTest() {
    private val quick = BenchmarkRequest(threads = "1,2", runs = 20, millis = 0, warmUpMillis = 0)

    private fun open() {
        start()
        click(R.id.tab_benchmark)
    }

    private fun runQuickly() {
        services.benchmark.run(quick)
        until("the result") { !services.benchmark.state.isRunning }
    }

    /** Lines of a setting: each model, and each word model a second time for its keystrokes. */
    private val lines get() = Demo.models().size + Demo.models().count { Demo.card(it).task == ModelTask.WORDS }

    private fun cells(): List<List<String>> {
        val table = view<TableLayout>(R.id.table)
        return (0 until table.childCount).map { row ->
            (table.getChildAt(row) as TableRow).let { cells -> (0 until cells.childCount).map { (cells.getChildAt(it) as TextView).text.toString() } }
        }
    }

    @Test
    fun measuresEveryModelAndKeepsTheResult() {
        open()
        runQuickly()
        val models = Demo.models().size
        val state = services.benchmark.state
        assertEquals(lines * 4, state.report!!.rows.size)
        assertEquals(lines * 4 + 1, cells().size)
        assertTrue(cells().any { it[0].endsWith(", keystroke") })
        assertEquals("Newest result:", text(R.id.benchmark_status))
        val saved = JsonObject.parse(requireNotNull(state.file).readText())
        assertEquals(Demo.runtime, saved.child("device").text("runtime"))
        assertTrue(saved.objects("cases").all { (it["samples_ns"] as List<*>).size >= 20 })
        val hashes = saved.objects("cases").map { it.text("sha256") }.toSet()
        assertEquals(models, hashes.size)
        for (fact in listOf("manufacturer", "model", "soc", "android", "sdk", "build", "abi", "cores", "app")) {
            assertNotNull(fact, saved.child("device")[fact])
        }
        assertEquals(lines, view<LatencyChart>(R.id.chart).contentDescription.split("; ").size)
        // The second one is compared with the first: a ratio in the last column.
        runQuickly()
        assertTrue(cells().drop(1).all { Regex("×[\\d.]+").matches(it.last()) })
    }

    @Test
    fun whatIsChosenIsMeasured() {
        open()
        for (box in listOf(R.id.threads_2, R.id.threads_4, R.id.xnnpack_off)) view<CheckBox>(box).performClick()
        assertEquals(setOf(1), services.benchmark.state.threads)
        assertEquals(setOf(true), services.benchmark.state.delegates)
        view<CheckBox>(R.id.threads_1).performClick()
        assertFalse(view<Button>(R.id.benchmark_run).isEnabled)
        view<CheckBox>(R.id.threads_1).performClick()
        view<Button>(R.id.benchmark_run).performClick()
        assertTrue(services.benchmark.state.isRunning)
        assertEquals(View.VISIBLE, view<ProgressBar>(R.id.benchmark_progress).visibility)
        view<Button>(R.id.benchmark_cancel).performClick()
        until("the end") { !services.benchmark.state.isRunning }
        assertEquals("Stopped. Results of before are kept.", text(R.id.benchmark_status))
        assertEquals(View.GONE, view<ProgressBar>(R.id.benchmark_progress).visibility)
    }

    @Test
    fun aPaceIsChosen() {
        open()
        assertTrue(view<RadioButton>(R.id.mode_burst).isChecked)
        view<RadioButton>(R.id.mode_paced).performClick()
        assertEquals(Mode.PACED, services.benchmark.state.mode)
        assertFalse(view<RadioButton>(R.id.mode_burst).isChecked)
        assertTrue("as audio" in text(R.id.benchmark_mode))
        services.benchmark.run(BenchmarkRequest(threads = "1", xnnpack = "on", runs = 30, warmUpMillis = 0, mode = "paced", periodMillis = 2))
        until("the result") { !services.benchmark.state.isRunning }
        assertTrue(services.benchmark.state.report!!.rows.all { it.mode == Mode.PACED && it.count >= 30 })
        assertTrue(text(R.id.chart_title), text(R.id.chart_title).endsWith("a run every 2 ms"))
        // For minutes: with the first of the choices.
        view<RadioButton>(R.id.mode_sustained).performClick()
        view<Button>(R.id.benchmark_run).performClick()
        until("progress") { services.benchmark.state.progress != null }
        view<Button>(R.id.benchmark_cancel).performClick()
        until("the end") { !services.benchmark.state.isRunning }
        assertEquals("Stopped. Results of before are kept.", text(R.id.benchmark_status))
    }

    @Test
    fun aSustainedBenchmarkTellsHowItDrifts() {
        start()
        controller.newIntent(
            Intent(application, MainActivity::class.java).putExtra("benchmark", true).putExtra("threads", "1").putExtra("xnnpack", "on")
                .putExtra("warm_up_millis", 0).putExtra("mode", "sustained").putExtra("seconds", 11),
        )
        until("the result") { !services.benchmark.state.isRunning }
        assertTrue(services.benchmark.state.report!!.rows.all { it.mode == Mode.SUSTAINED && it.drift!! > 0 })
        assertTrue(cells().drop(1).all { Regex("×[\\d.]+").matches(it[it.size - 2]) })
        val windows = JsonObject.parse(services.benchmark.state.file!!.readText()).objects("cases")[0].objects("windows")
        assertEquals(2, windows.size)
    }

    @Test
    fun aHotPhoneIsWarnedOf() {
        val power = shadowOf(application.getSystemService(PowerManager::class.java))
        power.setCurrentThermalStatus(PowerManager.THERMAL_STATUS_SEVERE)
        power.setIsPowerSaveMode(true)
        open()
        assertEquals(View.VISIBLE, view<TextView>(R.id.benchmark_warning).visibility)
        val warning = text(R.id.benchmark_warning)
        assertTrue(warning, "The phone is hot" in warning && "Power saving is on" in warning)
    }

    @Test
    fun turningTheDisplayDoesNotStopIt() {
        open()
        services.benchmark.run(BenchmarkRequest(threads = "1", xnnpack = "on", runs = 400, millis = 500, warmUpMillis = 0))
        until("progress") { services.benchmark.state.progress != null }
        RuntimeEnvironment.setQualifiers(LANDSCAPE)
        controller.configurationChange(activity.resources.configuration)
        controller.recreate()
        assertTrue(services.benchmark.state.isRunning)
        assertTrue(view<Button>(R.id.benchmark_cancel).isEnabled)
        until("the result") { !services.benchmark.state.isRunning }
        assertEquals(lines + 1, cells().size)
    }

    @Test
    fun aFullStorageLosesNothing() {
        // A file where the folder should be: it cannot be written to, as on a full storage.
        results.writeText("")
        open()
        runQuickly()
        assertTrue(text(R.id.benchmark_status), text(R.id.benchmark_status).startsWith("The result is shown, but could not be saved"))
        assertEquals(lines * 4 + 1, cells().size)
        assertFalse(view<Button>(R.id.benchmark_share).isEnabled)
    }

    @Test
    fun theResultIsShared() {
        open()
        runQuickly()
        view<Button>(R.id.benchmark_share).performClick()
        val chooser = shadowOf(activity).nextStartedActivity
        @Suppress("DEPRECATION")
        val send = requireNotNull(chooser.getParcelableExtra<Intent>(Intent.EXTRA_INTENT))
        assertEquals(Intent.ACTION_SEND, send.action)
        assertEquals("application/json", send.type)
        assertTrue(send.flags and Intent.FLAG_GRANT_READ_URI_PERMISSION != 0)
        @Suppress("DEPRECATION")
        val uri = requireNotNull(send.getParcelableExtra<android.net.Uri>(Intent.EXTRA_STREAM))
        assertEquals("org.lrkeras.demo.results", uri.authority)
        assertEquals(services.benchmark.state.file!!.name, uri.lastPathSegment)
    }

    @Test
    fun theProviderGivesResultsAndNothingElse() {
        val store = ResultProvider.store(application)
        val file = store.save(5, "{}")
        File(file.parentFile!!.parentFile, "secret").writeText("no")
        val provider = Robolectric.setupContentProvider(ResultProvider::class.java)
        val descriptor = provider.openFile(ResultProvider.uri(file), "r")
        assertEquals(2L, descriptor.statSize)
        descriptor.close()
        provider.query(ResultProvider.uri(file), null, null, null, null).use { row ->
            row.moveToFirst()
            assertEquals("benchmark-5.json", row.getString(0))
            assertEquals(2, row.getInt(1))
        }
        for (name in listOf("../secret", "benchmark-6.json", "draft")) {
            val uri = ResultProvider.uri(File(name)).buildUpon().path(name).build()
            org.junit.Assert.assertThrows(java.io.FileNotFoundException::class.java) { provider.openFile(uri, "r") }
        }
        org.junit.Assert.assertThrows(java.io.FileNotFoundException::class.java) { provider.openFile(ResultProvider.uri(file), "rw") }
    }

    @Test
    fun theCommandLineStartsIt() {
        start()
        val title = Demo.models().map { Demo.card(it) }.first { it.task == ModelTask.SPEECH }.title
        val intent = Intent(application, MainActivity::class.java)
            .putExtra("benchmark", true).putExtra("models", title).putExtra("threads", "2").putExtra("xnnpack", "off")
            .putExtra("runs", 25).putExtra("millis", 0).putExtra("warm_up_millis", 0)
        controller.newIntent(intent)
        assertTrue(services.benchmark.state.isRunning)
        until("the result") { !services.benchmark.state.isRunning }
        val row = services.benchmark.state.report!!.rows.single()
        assertEquals(listOf(2, false), listOf(row.threads, row.xnnpack))
        assertEquals(title, row.model)
        assertTrue(row.count >= 25)
        // Turned, it does not start again.
        controller.recreate()
        assertFalse(services.benchmark.state.isRunning)
        controller.newIntent(Intent().putExtra("benchmark", true).putExtra("threads", "many"))
        until("the message") { !services.benchmark.state.isRunning }
        assertTrue("received \"many\"" in text(R.id.benchmark_status))
        assertEquals(row.p50, services.benchmark.state.report!!.rows.single().p50, 0.0)
    }

    private fun shoot(name: String) {
        results.mkdirs()
        File(Demo.root, "app/src/test/resources/benchmark.json").copyTo(File(results, "benchmark-2000.json"))
        File(Demo.root, "app/src/test/resources/benchmark.json").copyTo(File(results, "benchmark-1000.json"))
        open()
        Screenshot.check(activity, name)
    }

    @Test
    fun light() = shoot("benchmark_light")

    @Test
    @Config(qualifiers = DARK)
    fun dark() = shoot("benchmark_dark")

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape() = shoot("benchmark_landscape")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("benchmark_large_font")
    }
}
