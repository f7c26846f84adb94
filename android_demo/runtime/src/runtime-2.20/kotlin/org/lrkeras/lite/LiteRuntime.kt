package org.lrkeras.lite

import org.bytedeco.tensorflowlite.global.tensorflowlite
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import java.nio.ByteBuffer

/** The TensorFlow Lite runtime through JavaCPP, whose libraries are built for pages of 16 KiB. */
class LiteRuntime : InferenceRuntime {
    override val version: String get() = "TensorFlow Lite ${tensorflowlite.TfLiteVersion().string}"

    override fun open(model: ByteBuffer, options: SessionOptions): InferenceSession {
        val native = NativeInterpreter(model.duplicate().apply { rewind() }, options)
        return try {
            LiteSession(native)
        } catch (error: ModelFileException) {
            native.close()
            throw ModelFileException("Expected a model that $version runs: ${error.message}", error)
        }
    }
}
