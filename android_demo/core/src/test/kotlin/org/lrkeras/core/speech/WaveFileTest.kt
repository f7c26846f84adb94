package org.lrkeras.core.speech

import org.junit.Assert.assertArrayEquals
import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Test
import org.lrkeras.core.Goldens
import java.io.ByteArrayInputStream
import java.nio.ByteBuffer
import java.nio.ByteOrder
import javax.sound.sampled.AudioSystem

class WaveFileTest {
    private val bytes = Goldens.clip("yes.wav")

    @Test
    fun readsWhatJavaReads() {
        val wave = WaveFile.read(bytes)
        val stream = AudioSystem.getAudioInputStream(ByteArrayInputStream(bytes))
        assertEquals(stream.format.sampleRate.toInt(), wave.sampleRate)
        val data = ByteBuffer.wrap(stream.readBytes()).order(ByteOrder.LITTLE_ENDIAN).asShortBuffer()
        assertArrayEquals(ShortArray(data.remaining()).also { data.get(it) }, wave.samples)
    }

    @Test
    fun refusesEverythingElse() {
        for (length in listOf(0, 3, 12, 20, 43, 44, 1000)) {
            assertThrows(IllegalArgumentException::class.java) { WaveFile.read(bytes.copyOf(length)) }
        }
        val stereo = bytes.copyOf().also { it[22] = 2 }
        assertThrows(IllegalArgumentException::class.java) { WaveFile.read(stereo) }
    }
}
