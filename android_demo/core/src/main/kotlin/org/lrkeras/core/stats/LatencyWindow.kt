package org.lrkeras.core.stats

/** The last [capacity] durations, for figures that follow what a person does. */
class LatencyWindow(private val capacity: Int = 100) {
    private val nanos = LongArray(capacity)
    private var added = 0

    /** The newest duration in nanoseconds, or null. */
    val last: Long? get() = if (added == 0) null else nanos[(added - 1) % capacity]

    /** Adds a duration in nanoseconds. */
    fun add(duration: Long) {
        nanos[added % capacity] = duration
        added++
    }

    /** Statistics of what is kept, or null if nothing is. */
    fun stats(): LatencyStats? = if (added == 0) null else LatencyStats.of(nanos.copyOf(minOf(added, capacity)))

    /** Forgets everything. */
    fun clear() {
        added = 0
    }
}
