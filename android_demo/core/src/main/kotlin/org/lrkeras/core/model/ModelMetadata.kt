package org.lrkeras.core.model

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Reads the metadata entries of a .tflite file, without the runtime and without its weights. */
object ModelMetadata {
    // Numbers of the fields in the schema of TFLite.
    private const val BUFFERS = 4
    private const val METADATA = 6
    private const val NAME = 0
    private const val BUFFER = 1
    private const val DATA = 0
    private const val OFFSET = 1
    private const val SIZE = 2
    private const val IDENTIFIER = "TFL3"

    /**
     * The entry [name] as text, or null if the file has none. A long one may be deflated; the file then has it as `name.zlib`.
     *
     * Throws [ModelFileException] if [file] is no .tflite model or ends before its tables do, and DataFormatException if the
     * entry does not inflate.
     */
    fun read(file: ByteBuffer, name: String): String? {
        val data = file.duplicate().apply { rewind() }.slice().order(ByteOrder.LITTLE_ENDIAN)
        if (data.limit() < 8 || identifier(data) != IDENTIFIER) {
            throw ModelFileException("Expected a .tflite model, received ${data.limit()} bytes of something else.")
        }
        return try {
            text(data, name)
        } catch (error: IndexOutOfBoundsException) {
            throw ModelFileException("Expected a whole .tflite model, received one that is cut off or damaged.", error)
        }
    }

    private fun identifier(data: ByteBuffer) = String(CharArray(4) { data.get(4 + it).toInt().toChar() })

    private fun text(data: ByteBuffer, name: String): String? {
        val deflatedName = DeflatedEntry.nameOf(name)
        val bytes = entry(data, name) ?: entry(data, deflatedName)?.let { DeflatedEntry.inflate(deflatedName, it) }
        return bytes?.toString(Charsets.UTF_8)
    }

    private fun entry(data: ByteBuffer, name: String): ByteArray? {
        val model = FlatTable(data, data.getInt(0))
        val found = model.tables(METADATA).firstOrNull { it.text(NAME) == name } ?: return null
        val number = found.uint(BUFFER)
        val buffers = model.tables(BUFFERS)
        if (number !in buffers.indices) throw IndexOutOfBoundsException("buffer $number of ${buffers.size}")
        val buffer = buffers[number]
        val offset = buffer.ulong(OFFSET)
        if (offset <= 1) return buffer.bytes(DATA) ?: ByteArray(0)
        val size = buffer.ulong(SIZE)
        if (offset > data.limit() || size > data.limit()) throw IndexOutOfBoundsException("$size bytes at $offset")
        return buffer.copy(offset.toInt(), size.toInt())
    }
}
