package org.lrkeras.core.benchmark

/** Asks the system for the memory of this process. */
fun interface MemoryProbe {
    /** Memory now. */
    fun sample(): MemorySample
}
