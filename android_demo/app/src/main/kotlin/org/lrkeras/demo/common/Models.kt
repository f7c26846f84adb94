package org.lrkeras.demo.common

import org.lrkeras.core.model.ModelFiles
import org.lrkeras.core.model.ModelLibrary
import org.lrkeras.core.runtime.InferenceRuntime

/** The models of the app and the library that runs them; read when the first screen asks, off the main thread. */
class Models(private val files: ModelFiles, val runtime: InferenceRuntime) {
    val library: ModelLibrary by lazy { ModelLibrary(files) }
}
