package org.lrkeras.demo.common

import android.os.Handler
import android.os.Looper
import java.util.concurrent.ExecutorService
import java.util.concurrent.Executors

/** One thread that does work in order and tells the main thread what came of it. */
class Worker(name: String) {
    private val main = Handler(Looper.getMainLooper())
    private val thread: ExecutorService = Executors.newSingleThreadExecutor { Thread(it, name) }

    /** Does [work] in the background and then [done] on the main thread, with what it returned or threw. */
    fun <T> run(work: () -> T, done: (Result<T>) -> Unit) {
        thread.execute {
            val result = runCatching(work)
            main.post { done(result) }
        }
    }

    /** Does [action] on the main thread; for progress of work that goes on. */
    fun tell(action: () -> Unit) {
        main.post(action)
    }

    /** Waits until everything that was asked for so far is done; for tests. */
    fun await() {
        thread.submit {}.get()
    }
}
