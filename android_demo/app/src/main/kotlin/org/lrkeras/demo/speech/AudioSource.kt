package org.lrkeras.demo.speech

/** Where samples come from. */
interface AudioSource : AutoCloseable {
    /**
     * Fills [hop] with the next samples, waiting until they are there; false at the end.
     *
     * Throws [AudioException] if the source is taken away.
     */
    fun read(hop: ShortArray): Boolean

    override fun close()
}
