package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelLibrary
import java.nio.ByteBuffer

/** The files of a library, mapped anew each time. */
class LibrarySource(private val library: ModelLibrary) : ModelSource {
    override fun map(file: String): ByteBuffer = library.map(file)

    override fun card(file: String): ModelCard = library.cards.first { it.file == file }
}
