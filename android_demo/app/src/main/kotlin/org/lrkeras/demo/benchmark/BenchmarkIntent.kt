package org.lrkeras.demo.benchmark

import android.content.Intent
import org.lrkeras.core.benchmark.BenchmarkRequest

/** Reads a benchmark out of the extras of an intent: `adb shell am start -n ... --ez benchmark true --es threads 1,2`. */
object BenchmarkIntent {
    private const val RUN = "benchmark"

    /** The benchmark that is asked for, or null. Any app may send an intent: extras that cannot be read are as none. */
    fun read(intent: Intent?): BenchmarkRequest? = try {
        intent?.let(::request)
    } catch (error: RuntimeException) {
        // Of a class that this app does not know, or a bundle that is no bundle.
        null
    }

    private fun request(intent: Intent): BenchmarkRequest? {
        if (!intent.getBooleanExtra(RUN, false)) return null
        val usual = BenchmarkRequest()
        return BenchmarkRequest(
            models = intent.getStringExtra("models") ?: usual.models,
            threads = intent.getStringExtra("threads") ?: usual.threads,
            xnnpack = intent.getStringExtra("xnnpack") ?: usual.xnnpack,
            runs = intent.getIntExtra("runs", usual.runs),
            millis = intent.getIntExtra("millis", usual.millis),
            warmUpMillis = intent.getIntExtra("warm_up_millis", usual.warmUpMillis),
            mode = intent.getStringExtra("mode") ?: usual.mode,
            periodMillis = intent.getIntExtra("period_millis", usual.periodMillis),
            sustainedSeconds = intent.getIntExtra("seconds", usual.sustainedSeconds),
        )
    }

    /** Marks an intent as done, so that turning the display does not start it again. */
    fun consume(intent: Intent) = intent.removeExtra(RUN)
}
