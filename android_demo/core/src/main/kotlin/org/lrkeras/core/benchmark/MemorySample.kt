package org.lrkeras.core.benchmark

/** Memory of the process: [pss], its share of physical memory, and [nativeHeap], both in bytes; 0 where unknown. */
data class MemorySample(val pss: Long, val nativeHeap: Long)
