package org.lrkeras.core.model

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** A .tflite file of one metadata entry and nothing else, laid out by hand (https://flatbuffers.dev/internals). */
object EntryFile {
    private const val DATA = 92

    fun of(name: String, content: ByteArray): ByteBuffer {
        val key = name.toByteArray()
        val keyAt = DATA + 4 + (content.size + 3) / 4 * 4
        return ByteBuffer.allocate(keyAt + 4 + key.size).order(ByteOrder.LITTLE_ENDIAN).apply {
            putInt(28).put("TFL3".toByteArray())
            // The model: its index of seven fields, of which the fifth is the buffers and the last the metadata.
            shorts(18, 12, 0, 0, 0, 0, 4, 0, 8, 0)
            putInt(20).putInt(40 - 32).putInt(48 - 36)
            // Two vectors of a table each.
            putInt(1).putInt(64 - 44)
            putInt(1).putInt(80 - 52)
            // The buffer, whose first field is its data.
            shorts(6, 8, 4, 0)
            putInt(8).putInt(DATA - 68)
            // The entry: its name and the number of its buffer.
            shorts(8, 12, 4, 8)
            putInt(8).putInt(keyAt - 84).putInt(0)
            check(position() == DATA)
            putInt(content.size).put(content)
            position(keyAt)
            putInt(key.size).put(key)
            rewind()
        }
    }

    private fun ByteBuffer.shorts(vararg values: Int) = values.forEach { putShort(it.toShort()) }
}
