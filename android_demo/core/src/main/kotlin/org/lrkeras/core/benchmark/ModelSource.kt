package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import java.nio.ByteBuffer

/** Gives the files to measure. */
interface ModelSource {
    /** Maps a file anew, so that mapping can be timed. */
    fun map(file: String): ByteBuffer

    /** What the file says about itself. */
    fun card(file: String): ModelCard
}
