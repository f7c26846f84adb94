package org.lrkeras.demo.benchmark

import android.os.Debug
import org.lrkeras.core.benchmark.MemoryProbe
import org.lrkeras.core.benchmark.MemorySample

/** Memory of this process as Android counts it. */
class AndroidMemory : MemoryProbe {
    override fun sample() = MemorySample(pss = Debug.getPss() * KIB, nativeHeap = Debug.getNativeHeapAllocatedSize())

    private companion object {
        const val KIB = 1024L
    }
}
