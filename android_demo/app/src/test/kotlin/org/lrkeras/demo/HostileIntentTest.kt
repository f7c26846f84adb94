package org.lrkeras.demo

import android.content.Intent
import android.net.Uri
import android.os.Parcel
import android.os.Parcelable
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
    /** Of a class that the receiver does not have. */
    private class Foreign : Parcelable {
        override fun describeContents() = 0

        override fun writeToParcel(parcel: Parcel, flags: Int) = parcel.writeInt(1)
    }

    private fun asked(change: Intent.() -> Unit) = Intent(application, MainActivity::class.java).putExtra("benchmark", true).apply(change)

    @Test
    fun asksNoFileByItsPath() {
        start()
        val foreign = File(application.filesDir, "foreign.tflite").apply { writeText("TFL3") }
        for (name in listOf(foreign.path, "../../../etc/hosts", "file://${foreign.path}", "/", "\u0000", "x".repeat(1_000_000))) {
            controller.newIntent(asked { putExtra("models", name) })
            assertFalse(name.take(40), services.benchmark.state.isRunning)
            assertNull(services.benchmark.state.report)
        }
    }

    @Test
    fun takesNoNumbersThatWouldNotEnd() {
        start()
        for (extra in listOf("runs", "millis", "warm_up_millis", "period_millis", "seconds")) {
            for (value in listOf(Int.MAX_VALUE, -1, Int.MIN_VALUE)) {
                controller.newIntent(asked { putExtra(extra, value) })
                assertFalse("$extra $value", services.benchmark.state.isRunning)
            }
        }
        controller.newIntent(asked { putExtra("threads", "1,".repeat(100_000)) })
        controller.newIntent(asked { putExtra("threads", "1000000") })
        controller.newIntent(asked { putExtra("mode", "rm -rf") })
        assertFalse(services.benchmark.state.isRunning)
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
        val parcel = Parcel.obtain()
        asked { putExtra("foreign", Foreign()) }.writeToParcel(parcel, 0)
        parcel.setDataPosition(0)
        val intent = Intent.CREATOR.createFromParcel(parcel)
        // A loader that has not got the class, as that of another app.
        intent.setExtrasClassLoader(ClassLoader.getSystemClassLoader().parent)
        controller.newIntent(intent)
        until("an end") { !services.benchmark.state.isRunning }
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
