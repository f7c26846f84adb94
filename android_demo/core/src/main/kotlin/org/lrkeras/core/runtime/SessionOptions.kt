package org.lrkeras.core.runtime

/** How a model is run: [threads] of the kernels, and whether XNNPACK takes the operators it knows. */
data class SessionOptions(val threads: Int = 1, val xnnpack: Boolean = true)
