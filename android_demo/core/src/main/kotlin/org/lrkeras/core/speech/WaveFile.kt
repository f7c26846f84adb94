package org.lrkeras.core.speech

import java.nio.ByteBuffer
import java.nio.ByteOrder

/**
 * A recording: 16-bit samples of one channel.
 *
 * @property sampleRate Samples in a second.
 */
class WaveFile(val sampleRate: Int, val samples: ShortArray) {
    companion object {
        private const val FORMAT_BYTES = 16

        /** Reads a RIFF file of 16-bit PCM with one channel. */
        fun read(bytes: ByteArray): WaveFile {
            val data = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN)
            require(bytes.size >= 12 && name(data, 0) == "RIFF" && name(data, 8) == "WAVE") { "Expected a wave file." }
            var rate = 0
            var at = 12
            while (at + 8 <= bytes.size) {
                val size = data.getInt(at + 4)
                require(size >= 0 && size <= bytes.size - at - 8) { "Expected a whole wave file, received one that is cut off." }
                when (name(data, at)) {
                    "fmt " -> rate = format(data, at + 8, size)
                    "data" -> if (rate > 0) return WaveFile(rate, samples(data, at + 8, size))
                }
                at += 8 + size + size % 2
            }
            throw IllegalArgumentException("Expected a wave file with samples, received one without.")
        }

        private fun format(data: ByteBuffer, at: Int, size: Int): Int {
            val found = if (size < FORMAT_BYTES) null else listOf(data.getShort(at), data.getShort(at + 2), data.getShort(at + 14)).map { it.toInt() }
            require(found == listOf(1, 1, 16)) { "Expected PCM, one channel, 16 bits, received $found." }
            return data.getInt(at + 4)
        }

        private fun samples(data: ByteBuffer, at: Int, size: Int) = ShortArray(size / 2) { data.getShort(at + 2 * it) }

        private fun name(data: ByteBuffer, at: Int) = String(CharArray(4) { data.get(at + it).toInt().toChar() })
    }
}
