package org.lrkeras.demo

import org.lrkeras.demo.speech.AudioException
import org.lrkeras.demo.speech.AudioSource

/**
 * A microphone that hears nothing for some hops and is then taken away, or goes on for ever.
 *
 * @param hopsUntilLost Hops before it is taken away; null for never.
 */
class FakeMicrophone(private val hopsUntilLost: Int? = null, private val loudness: Short = 0) : AudioSource {
    var hops = 0
    var isClosed = false

    override fun read(hop: ShortArray): Boolean {
        if (hops == hopsUntilLost) throw AudioException("it was taken away (-6)")
        hops++
        hop.fill(loudness)
        // As long as a hop of 20 ms lasts: faster than that the display would never be done with drawing them.
        Thread.sleep(20)
        return true
    }

    override fun close() {
        isClosed = true
    }
}
