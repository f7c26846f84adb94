package org.lrkeras.core.benchmark

/** Something to time, again and again; closing it closes its model. */
internal interface Workload : AutoCloseable {
    /** What a run is. */
    val measure: Measure

    /** Puts the next input in place; not part of a timed run. */
    fun prepare()

    /** One run. */
    fun run()

    override fun close()
}
