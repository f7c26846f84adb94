package org.lrkeras.core.runtime

import java.nio.ByteBuffer

/** The library that runs models: everything the app needs of it. */
interface InferenceRuntime {
    /** Name and version, for reports. */
    val version: String

    /**
     * Loads a model from a direct buffer, which must stay as it is while the session is open.
     *
     * Throws [org.lrkeras.core.model.ModelFileException] if the runtime refuses the file.
     */
    fun open(model: ByteBuffer, options: SessionOptions): InferenceSession
}
