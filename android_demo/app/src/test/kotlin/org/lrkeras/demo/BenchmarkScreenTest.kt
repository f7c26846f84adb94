package org.lrkeras.demo

import android.content.Intent
import android.graphics.Rect
import android.os.PowerManager
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import android.widget.CheckBox
import android.widget.ProgressBar
import android.widget.RadioButton
import android.widget.ScrollView
import android.widget.Spinner
import android.widget.TextView
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNotNull
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.benchmark.BenchmarkRequest
import org.lrkeras.core.benchmark.BenchmarkRow
import org.lrkeras.core.benchmark.MemoryProbe
import org.lrkeras.core.benchmark.MemorySample
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelTask
import org.lrkeras.demo.benchmark.LatencyBar
import org.lrkeras.demo.benchmark.ResultProvider
import org.lrkeras.demo.common.TimeText
import org.lrkeras.demo.common.part
import org.robolectric.Robolectric
import org.robolectric.RuntimeEnvironment
import org.robolectric.Shadows.shadowOf
import org.robolectric.annotation.Config
import org.robolectric.shadows.ShadowLooper
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

    private fun children(group: ViewGroup) = (0 until group.childCount).map { group.getChildAt(it) }

    /** The cards of the setting that is shown, and the lines of all of them. */
    private fun cards() = children(view(R.id.result_groups)).map { it as ViewGroup }

    private fun rows() = cards().flatMap { children(it).drop(1) }

    private fun View.shows(id: Int) = part<TextView>(id).text.toString()

    private fun names() = cards().map { it.shows(R.id.group_name) }

    @Test
    fun measuresEveryModelAndKeepsTheResult() {
        open()
        runQuickly()
        val models = Demo.models().size
        val state = services.benchmark.state
        assertEquals(lines * 4, state.report!!.rows.size)
        assertEquals(View.GONE, view<View>(R.id.benchmark_status).visibility)
        // A setting at a time: what is comparable on a card, the models in the order of the app.
        assertEquals(lines, rows().size)
        val groups = listOf("Word prediction: a step", "Word prediction: a keystroke", "Speech commands: a step", "Front end of speech, alone: a step")
        assertEquals(groups, names())
        val words = Demo.models().map { Demo.card(it) }.filter { it.task == ModelTask.WORDS }.map { it.shortTitle }
        for (card in cards().take(2)) assertEquals(words, children(card).drop(1).map { it.shows(R.id.row_name) })
        for (row in rows()) {
            for (id in FIGURES) assertTrue(row.shows(id), TIME.matches(row.shows(id)))
            assertTrue(row.shows(R.id.row_caption), Regex("\\d+ runs · ready in $TIME").matches(row.shows(R.id.row_caption)))
        }
        val saved = JsonObject.parse(requireNotNull(state.file).readText())
        assertEquals(Demo.runtime, saved.child("device").text("runtime"))
        assertTrue(saved.objects("cases").all { (it["samples_ns"] as List<*>).size >= 20 })
        val hashes = saved.objects("cases").map { it.text("sha256") }.toSet()
        assertEquals(models, hashes.size)
        for (fact in listOf("manufacturer", "model", "soc", "android", "sdk", "build", "abi", "cores", "app")) {
            assertNotNull(fact, saved.child("device")[fact])
        }
        // The second one is compared with the first.
        runQuickly()
        assertTrue(rows().all { Regex("\np50 ×[\\d.]+ of the result before$").containsMatchIn(it.shows(R.id.row_caption)) })
    }

    @Test
    fun whatAModelTakesOfTheHeapIsTold() {
        var heap = 0L
        memory = MemoryProbe { MemorySample(pss = 0, nativeHeap = heap.also { heap += 1536 * 1024 }) }
        open()
        services.benchmark.run(quick.copy(threads = "1", xnnpack = "on"))
        until("the result") { !services.benchmark.state.isRunning }
        assertTrue(rows().all { it.shows(R.id.row_caption).endsWith(" · 1.5 MB of memory") })
    }

    @Test
    fun everySettingOfTheResultCanBeShown() {
        open()
        runQuickly()
        val settings = view<Spinner>(R.id.result_setting)
        val shown = (0 until settings.count).map { settings.getItemAtPosition(it) }
        val expected = listOf("1 thread · XNNPACK on", "2 threads · XNNPACK on", "1 thread · XNNPACK off", "2 threads · XNNPACK off")
        assertEquals(expected, shown)
        val report = services.benchmark.state.report!!
        for ((place, options) in report.settings.withIndex()) {
            settings.setSelection(place)
            settle()
            val found = report.rows.filter { it.options == options }
            assertEquals(lines, rows().size)
            val expected = found.groupBy { it.task to it.measure }.values.flatten()
            val times = listOf<(BenchmarkRow) -> Double>({ it.p50 }, { it.p90 }, { it.p99 }, { it.max })
            assertEquals(
                expected.map { row -> times.map { TimeText.of(it(row)).read(activity.resources) } },
                rows().map { row -> FIGURES.map { row.shows(it) } },
            )
            val bars = rows().map { it.part<LatencyBar>(R.id.row_bar).contentDescription }
            assertEquals(rows().map { "p50 ${it.shows(R.id.row_p50)}, p90 ${it.shows(R.id.row_p90)}" }, bars)
        }
        turn()
        assertEquals(3, view<Spinner>(R.id.result_setting).selectedItemPosition)
        // The settings of another result are others.
        services.benchmark.run(BenchmarkRequest(threads = "4", xnnpack = "off", runs = 20, millis = 0, warmUpMillis = 0))
        until("the result") { !services.benchmark.state.isRunning }
        assertEquals("4 threads · XNNPACK off", view<Spinner>(R.id.result_setting).selectedItem)
        assertEquals(lines, rows().size)
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
        assertEquals("A run every 2 ms", text(R.id.result_mode))
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
        click(R.id.tab_benchmark)
        assertTrue(text(R.id.result_mode), "for minutes" in text(R.id.result_mode))
        assertTrue(rows().all { Regex("\np50 at the end ×[\\d.]+ of the start$").containsMatchIn(it.shows(R.id.row_caption)) })
        val windows = JsonObject.parse(services.benchmark.state.file!!.readText()).objects("cases")[0].objects("windows")
        assertEquals(2, windows.size)
    }

    private fun heat() {
        val power = shadowOf(application.getSystemService(PowerManager::class.java))
        power.setCurrentThermalStatus(PowerManager.THERMAL_STATUS_SEVERE)
        power.setIsPowerSaveMode(true)
    }

    @Test
    fun aHotPhoneIsWarnedOf() {
        heat()
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
        assertEquals(lines, rows().size)
    }

    @Test
    fun aFullStorageLosesNothing() {
        // A file where the folder should be: it cannot be written to, as on a full storage.
        results.writeText("")
        open()
        runQuickly()
        assertTrue(text(R.id.benchmark_status), text(R.id.benchmark_status).startsWith("The result is shown, but could not be saved"))
        assertEquals(lines, rows().size)
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

    /** With the figures of the models as they ran here; [isResult]: scrolled to them. */
    private fun shoot(name: String, isResult: Boolean = false, request: BenchmarkRequest = SHORT) {
        open()
        services.benchmark.chooseMode(Mode.of(request.mode))
        services.benchmark.run(request)
        until("the result") { !services.benchmark.state.isRunning }
        if (isResult) view<ScrollView>(R.id.benchmark_scroll).scrollTo(0, view<View>(R.id.benchmark_result).top)
        val measured = rows().flatMap { row -> (FIGURES + R.id.row_caption + R.id.row_bar).map { row.part<View>(it) } }
        ShadowLooper.idleMainLooper()
        Screenshot.check(activity, name, measured.filter { it.getGlobalVisibleRect(Rect()) })
    }

    @Test
    fun light() = shoot("benchmark_light")

    @Test
    fun result() = shoot("benchmark_result", isResult = true)

    @Test
    fun paced() = shoot("benchmark_paced", isResult = true, SHORT.copy(mode = "paced", runs = 50))

    @Test
    fun sustained() = shoot("benchmark_sustained", isResult = true, SHORT.copy(mode = "sustained", sustainedSeconds = 11))

    @Test
    fun hot() {
        heat()
        shoot("benchmark_hot")
    }

    @Test
    @Config(qualifiers = DARK)
    fun dark() = shoot("benchmark_dark")

    @Test
    @Config(qualifiers = DARK)
    fun resultInTheDark() = shoot("benchmark_result_dark", isResult = true)

    @Test
    @Config(qualifiers = LANDSCAPE)
    fun landscape() = shoot("benchmark_landscape")

    @Test
    @Config(qualifiers = TABLET)
    fun tablet() = shoot("benchmark_tablet")

    @Test
    fun largeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("benchmark_large_font")
    }

    @Test
    fun resultInLargeFont() {
        RuntimeEnvironment.setFontScale(1.8f)
        shoot("benchmark_result_large_font", isResult = true)
    }

    private companion object {
        /** Enough for a p99 that is not the worst. */
        val SHORT = BenchmarkRequest(threads = "1", xnnpack = "on", runs = 200, millis = 0, warmUpMillis = 100)
        val FIGURES = listOf(R.id.row_p50, R.id.row_p90, R.id.row_p99, R.id.row_worst)

        /** A time as a person reads it. */
        val TIME = Regex("(?:\\d+ µs|[\\d.]+ ms)")
    }
}
