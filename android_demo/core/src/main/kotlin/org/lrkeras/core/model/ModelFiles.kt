package org.lrkeras.core.model

import java.nio.ByteBuffer

/** Where model files are. */
interface ModelFiles {
    /** Names of the files, in the order in which they are shown. */
    fun names(): List<String>

    /** Maps a file; throws IOException if there is no such file. */
    fun map(name: String): ByteBuffer

    /** The text of a file beside the models, or null if there is no such file. */
    fun text(name: String): String?
}
