package org.lrkeras.lite

import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.TensorFlowLite
import java.nio.ByteBuffer

/** The TensorFlow Lite runtime. Depends on `org.tensorflow.lite` alone, so that tests run it without Android. */
class LiteRuntime : InferenceRuntime {
    override val version: String get() = "TensorFlow Lite ${TensorFlowLite.runtimeVersion()}"

    override fun open(model: ByteBuffer, options: SessionOptions): InferenceSession {
        val chosen = Interpreter.Options().setNumThreads(options.threads).setUseXNNPACK(options.xnnpack)
        val data = model.duplicate().apply { rewind() }
        return try {
            LiteSession(Interpreter(data, chosen))
        } catch (error: RuntimeException) {
            // IllegalArgumentException for bytes that are no model, IllegalStateException for operators it lacks.
            throw ModelFileException("Expected a model that $version runs: ${error.message?.lineSequence()?.firstOrNull()}", error)
        }
    }
}
