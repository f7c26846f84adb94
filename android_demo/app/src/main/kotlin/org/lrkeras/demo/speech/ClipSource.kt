package org.lrkeras.demo.speech

/**
 * A recording that is read as fast as it was spoken, so that latencies are those of speech.
 *
 * @param wait Waits for some nanoseconds; tests do not wait.
 */
class ClipSource(
    private val samples: ShortArray,
    private val sampleRate: Int,
    private val wait: (Long) -> Unit = { java.util.concurrent.TimeUnit.NANOSECONDS.sleep(it) },
) : AudioSource {
    private val begin = System.nanoTime()
    private var at = 0

    override fun read(hop: ShortArray): Boolean {
        if (at >= samples.size) return false
        val count = minOf(hop.size, samples.size - at)
        samples.copyInto(hop, 0, at, at + count)
        hop.fill(0, count, hop.size)
        at += hop.size
        val due = begin + at * SECOND / sampleRate
        val early = due - System.nanoTime()
        if (early > 0) wait(early)
        return true
    }

    override fun close() = Unit

    private companion object {
        const val SECOND = 1_000_000_000L
    }
}
