package org.lrkeras.core.model

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import java.io.ByteArrayOutputStream
import java.util.zip.DeflaterOutputStream

class DeflatedEntryTest {
    private val words = listOf("<unk>", "<eos>", "é") + List(5000) { "word $it" }
    private val text = """{"task": "word_prediction", "vocabulary": [${words.joinToString { "\"$it\"" }}]}""".toByteArray()
    private val whole = deflated(text)

    private fun deflated(data: ByteArray) = ByteArrayOutputStream().also { out -> DeflaterOutputStream(out).use { it.write(data) } }.toByteArray()

    private fun read(entry: String, content: ByteArray) = ModelCard.read("words.tflite", EntryFile.of(entry, content))

    @Test
    fun aDeflatedEntryIsReadAsTextIs() {
        assertTrue(whole.size < text.size / 2)
        for (card in listOf(read("lrkeras", text), read("lrkeras.zlib", whole))) {
            assertEquals(ModelTask.WORDS, card.task)
            assertEquals(words, card.details.texts("vocabulary"))
        }
    }

    @Test
    fun aBrokenEntryIsRefusedByName() {
        fun changed(place: Int) = whole.copyOf().also { it[place] = (it[place].toInt() xor 255).toByte() }
        val largest = 64 shl 20
        val broken = mapOf(
            whole.copyOf(whole.size - 7) to "end early",
            ByteArray(0) to "end early",
            changed(99) to "do not inflate",
            changed(whole.size - 1) to "do not inflate",
            text to "do not inflate",
            whole + 0 to "go on behind the end",
            deflated(ByteArray(largest + 1)) to "inflate to more",
        )
        for ((content, what) in broken) {
            val error = assertThrows(ModelFileException::class.java) { read("lrkeras.zlib", content) }
            for (told in listOf("words.tflite", "\"lrkeras.zlib\"", "$largest bytes", "received ${content.size} bytes that $what")) {
                assertTrue("$told: ${error.message}", told in error.message!!)
            }
        }
    }

    @Test
    fun theLargestEntryIsRead() {
        assertEquals(64 shl 20, DeflatedEntry.inflate("a.zlib", deflated(ByteArray(64 shl 20))).size)
    }
}
