package org.lrkeras.demo

import android.os.Bundle
import android.view.View
import android.widget.Button
import android.widget.TextView
import org.junit.After
import org.junit.runner.RunWith
import org.lrkeras.core.benchmark.MemoryProbe
import org.lrkeras.core.benchmark.MemorySample
import org.lrkeras.core.benchmark.ResultStore
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.demo.common.AssetFiles
import org.lrkeras.lite.LiteRuntime
import org.lrkeras.demo.speech.AudioSource
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowLooper
import java.io.File
import java.util.Locale

/** The app on the JVM, with its models on the real runtime; what comes from a device is put in its place. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
@Config(sdk = [35], application = DemoApplication::class, qualifiers = ScreenTest.PHONE)
abstract class ScreenTest {
    protected val application: DemoApplication get() = RuntimeEnvironment.getApplication() as DemoApplication
    protected val results: File by lazy { File(application.filesDir, "benchmark") }
    protected var microphone: (Int) -> AudioSource = { FakeMicrophone() }

    /** Nobody tells on a computer what the native heap holds. */
    protected var memory = MemoryProbe { MemorySample(pss = 0, nativeHeap = 0) }
    protected lateinit var services: Services
    protected lateinit var controller: ActivityController<MainActivity>
    protected val activity: MainActivity get() = controller.get()

    /** Starts the app as on a device, or with other files. */
    protected fun start(files: ModelFiles = AssetFiles(application.assets, "models"), state: Bundle? = null) {
        Locale.setDefault(Locale.ENGLISH)
        services = Services(application, files, LiteRuntime(), ResultStore(results), memory) { rate -> microphone(rate) }
        application.services = services
        controller = Robolectric.buildActivity(MainActivity::class.java).let { if (state == null) it.setup() else it.setup(state) }
        settle()
    }

    @After
    fun stop() {
        if (!::services.isInitialized) return
        services.speech.stop()
        services.benchmark.cancel()
        settle()
        services.words.release()
        services.speech.release()
        settle()
    }

    /** Waits until nothing is left to do. */
    protected fun settle() = repeat(3) {
        for (worker in listOf(services.wordsWorker, services.speechWorker, services.benchmarkWorker)) worker.await()
        ShadowLooper.idleMainLooper()
    }

    /** Waits for a state that other threads bring about. */
    protected fun until(what: String, isSo: () -> Boolean) {
        val end = System.nanoTime() + 120_000_000_000
        while (!isSo()) {
            check(System.nanoTime() < end) { "Waited in vain for: $what" }
            Thread.sleep(5)
            ShadowLooper.idleMainLooper()
        }
    }

    /** The process is ended in the background and made anew when a person comes back. */
    protected fun killAndComeBack(files: ModelFiles = AssetFiles(application.assets, "models")) {
        val state = Bundle()
        controller.pause().stop().saveInstanceState(state).destroy()
        start(files, state)
    }

    /** The device is turned, or whatever else [qualifiers] say: the activity is made anew. */
    protected fun turn(qualifiers: String = LANDSCAPE) {
        RuntimeEnvironment.setQualifiers(qualifiers)
        controller.configurationChange(activity.resources.configuration)
        controller.recreate()
        settle()
    }

    protected fun <V : View> view(id: Int): V = requireNotNull(activity.findViewById<V>(id))

    protected fun text(id: Int): String = view<TextView>(id).text.toString()

    protected fun click(id: Int) {
        check(view<Button>(id).performClick())
        settle()
    }

    companion object {
        const val PHONE = "w411dp-h891dp-port-notnight-hdpi"
        const val DARK = "w411dp-h891dp-port-night-mdpi"
        const val DARK_LANDSCAPE = "w891dp-h411dp-land-night-mdpi"
        const val LANDSCAPE = "w891dp-h411dp-land-notnight-mdpi"
        const val TABLET = "w800dp-h1280dp-xlarge-port-notnight-mdpi"
    }
}
