package org.lrkeras.demo

import android.content.Intent
import android.net.Uri
import android.os.BadParcelableException
import org.junit.Assert.assertEquals
import org.junit.Assert.assertFalse
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Test
import org.lrkeras.demo.benchmark.BenchmarkIntent
import org.lrkeras.demo.benchmark.ResultProvider
import org.robolectric.Robolectric
import java.io.File
import java.io.FileNotFoundException
import java.nio.file.Files

/** What any app on the phone may send to the exported window, and ask of the provider. */
class HostileIntentTest : ScreenTest() {
    /** As one that holds a class that the receiver does not have. */
    private class Foreign : Intent() {
        override fun getBooleanExtra(name: String, default: Boolean) = throw BadParcelableException("of another app")
    }

    private fun asked(change: Intent.() -> Unit) = Intent(application, MainActivity::class.java).putExtra("benchmark", true).apply(change)

    /** What becomes of an intent before anything is opened. */
    private fun refused(what: String, intent: Intent) {
        val request = requireNotNull(BenchmarkIntent.read(intent))
        assertThrows(what, IllegalArgumentException::class.java) { request.plan(mapOf("model.tflite" to "A model")) }
    }

    @Test
    fun asksNoFileByItsPath() {
        val foreign = File(application.filesDir, "foreign.tflite").apply { writeText("TFL3") }
        for (name in listOf(foreign.path, "model.tflite", "../../../etc/hosts", "file://${foreign.path}", "/", "\u0000", "x".repeat(1_000_000))) {
            refused(name.take(40), asked { putExtra("models", name) })
        }
    }

    @Test
    fun takesNoNumbersThatWouldNotEnd() {
        for (extra in listOf("runs", "millis", "warm_up_millis", "period_millis", "seconds")) {
            for (value in listOf(Int.MAX_VALUE, -1, Int.MIN_VALUE)) refused("$extra $value", asked { putExtra(extra, value) })
        }
        for (threads in listOf("1,".repeat(100_000), "1000000", "-1", "")) refused("threads", asked { putExtra("threads", threads) })
        refused("mode", asked { putExtra("mode", "rm -rf") })
        refused("xnnpack", asked { putExtra("xnnpack", "../on") })
    }

    @Test
    fun extrasOfOtherKindsAreAsNone() {
        val usual = BenchmarkIntent.read(asked { })
        assertEquals(usual, BenchmarkIntent.read(asked { putExtra("runs", "many").putExtra("models", 7).putExtra("threads", byteArrayOf(1)) }))
        assertNull(BenchmarkIntent.read(asked { putExtra("benchmark", "true") }))
        assertNull(BenchmarkIntent.read(null))
    }

    @Test
    fun extrasOfAnUnknownClassDoNotEndTheApp() {
        start()
        controller.newIntent(Foreign())
        assertFalse(services.benchmark.state.isRunning)
    }

    @Test
    fun theProviderOpensNothingBesidesResults() {
        val store = ResultProvider.store(application)
        val folder = store.save(5, "{}").parentFile!!
        val secret = File(folder.parentFile, "secret").apply { writeText("no") }
        Files.createSymbolicLink(File(folder, "benchmark-7.json").toPath(), secret.toPath())
        File(folder, "benchmark-8.json").mkdir()
        val provider = Robolectric.setupContentProvider(ResultProvider::class.java)
        val paths = listOf(
            "/../secret", "/..%2Fsecret", "/%2e%2e/secret", "/benchmark-5.json/../../secret", "/benchmark-5.json%00", "//", "",
            secret.path, "/benchmark-7.json", "/benchmark-8.json", "/.", "/..", "/" + "a".repeat(100_000),
        )
        for (path in paths) {
            val uri = Uri.parse("content://org.lrkeras.demo.results$path")
            assertThrows(path.take(40), FileNotFoundException::class.java) { provider.openFile(uri, "r") }
            assertThrows(path.take(40), FileNotFoundException::class.java) { provider.query(uri, null, null, null, null) }
        }
        for (mode in listOf("w", "rw", "rwt", "wa", "", "R")) {
            assertThrows(mode, FileNotFoundException::class.java) { provider.openFile(ResultProvider.uri(File("benchmark-5.json")), mode) }
        }
        assertEquals(0, provider.delete(ResultProvider.uri(File("benchmark-5.json")), null, null))
        assertEquals("no", secret.readText())
    }
}
