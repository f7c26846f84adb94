package org.lrkeras.core.model

import java.nio.ByteBuffer

/**
 * A table of a flatbuffer: fields at offsets that a small index names (https://flatbuffers.dev/internals).
 *
 * Reading outside the buffer throws IndexOutOfBoundsException, which [ModelMetadata] turns into a message.
 */
internal class FlatTable(private val data: ByteBuffer, private val start: Int) {
    private val index = start - data.getInt(start)

    /** Place of a field, or 0 if it was left out. */
    private fun field(number: Int): Int {
        val slot = 4 + 2 * number
        if (slot >= data.getShort(index).toInt() and 0xFFFF) return 0
        val offset = data.getShort(index + slot).toInt() and 0xFFFF
        return if (offset == 0) 0 else start + offset
    }

    fun uint(number: Int): Int = field(number).let { if (it == 0) 0 else data.getInt(it) }

    fun ulong(number: Int): Long = field(number).let { if (it == 0) 0 else data.getLong(it) }

    fun bytes(number: Int): ByteArray? {
        val vector = vector(number) ?: return null
        return copy(vector + 4, data.getInt(vector))
    }

    fun text(number: Int): String? = bytes(number)?.toString(Charsets.UTF_8)

    fun tables(number: Int): List<FlatTable> {
        val vector = vector(number) ?: return emptyList()
        val count = data.getInt(vector)
        if (count < 0 || count > data.limit() / 4) throw IndexOutOfBoundsException("a vector of $count tables")
        return List(count) { follow(vector + 4 + 4 * it).let { place -> FlatTable(data, place) } }
    }

    /** Bytes of the file itself: large buffers may lie behind the flatbuffer. */
    fun copy(place: Int, length: Int): ByteArray {
        if (place < 0 || length < 0 || length > data.limit() - place) throw IndexOutOfBoundsException("$length bytes at $place")
        val view = data.duplicate()
        view.position(place)
        return ByteArray(length).also { view.get(it) }
    }

    private fun vector(number: Int): Int? = field(number).let { if (it == 0) null else follow(it) }

    private fun follow(place: Int): Int = place + data.getInt(place)
}
