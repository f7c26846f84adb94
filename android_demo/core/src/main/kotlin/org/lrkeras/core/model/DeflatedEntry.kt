package org.lrkeras.core.model

import java.io.ByteArrayOutputStream
import java.util.zip.DataFormatException
import java.util.zip.Inflater

/** A metadata entry that the file holds as a zlib stream. */
internal object DeflatedEntry {
    // As in lrkeras/export/tflite/metadata_entry.py, which writes them.
    private const val LARGEST = 64 shl 20
    private const val PART = 1 shl 16

    /** The name under which a file holds the entry [name] where it is deflated. */
    fun nameOf(name: String) = "$name.zlib"

    /** The content of [data]; throws DataFormatException if that is no whole stream, or one of more than 64 MiB. */
    fun inflate(name: String, data: ByteArray): ByteArray {
        val inflater = Inflater()
        return try {
            inflater.setInput(data)
            content(inflater)
        } catch (error: DataFormatException) {
            val expected = "the entry \"$name\" to be one whole zlib stream of at most $LARGEST bytes"
            throw DataFormatException("Expected $expected, received ${data.size} bytes that ${error.message}.")
        } finally {
            inflater.end()
        }
    }

    private fun content(inflater: Inflater): ByteArray {
        val content = ByteArrayOutputStream()
        val part = ByteArray(PART)
        while (!inflater.finished()) {
            val count = next(inflater, part)
            if (count == 0 && !inflater.finished()) throw DataFormatException("end early")
            content.write(part, 0, count)
            if (content.size() > LARGEST) throw DataFormatException("inflate to more")
        }
        if (inflater.remaining > 0) throw DataFormatException("go on behind the end")
        return content.toByteArray()
    }

    private fun next(inflater: Inflater, part: ByteArray): Int = try {
        inflater.inflate(part)
    } catch (error: DataFormatException) {
        throw DataFormatException("do not inflate: ${error.message}")
    }
}
