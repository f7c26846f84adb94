package org.lrkeras.demo

import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.lite.LiteRuntime
import java.nio.ByteBuffer
import java.util.concurrent.CountDownLatch

/** The runtime of the app, of which a test can hold every run until it lets go. */
class HeldRuntime : InferenceRuntime {
    private val inner = LiteRuntime()

    @Volatile
    private var gate = CountDownLatch(0)
    override val version = inner.version

    override fun open(model: ByteBuffer, options: SessionOptions): InferenceSession {
        val session = inner.open(model, options)
        return object : InferenceSession by session {
            override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
                gate.await()
                session.run(signature, inputs, outputs)
            }
        }
    }

    fun hold() {
        gate = CountDownLatch(1)
    }

    fun letGo() = gate.countDown()
}
