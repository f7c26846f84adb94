package org.lrkeras.core.benchmark

/** Asks the device how it is. */
fun interface DeviceProbe {
    /** The state now. */
    fun read(): DeviceReading
}
