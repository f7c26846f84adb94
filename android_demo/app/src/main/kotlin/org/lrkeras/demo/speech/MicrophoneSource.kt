package org.lrkeras.demo.speech

import android.annotation.SuppressLint
import android.media.AudioFormat
import android.media.AudioRecord
import android.media.MediaRecorder

/** The microphone; the caller holds the permission to record. */
@SuppressLint("MissingPermission")
class MicrophoneSource(sampleRate: Int) : AudioSource {
    private val record: AudioRecord

    init {
        val smallest = AudioRecord.getMinBufferSize(sampleRate, AudioFormat.CHANNEL_IN_MONO, AudioFormat.ENCODING_PCM_16BIT)
        if (smallest <= 0) throw AudioException("a recording of $sampleRate Hz is refused ($smallest)")
        // Half a second: a step that is late loses nothing.
        val size = maxOf(smallest, sampleRate)
        record = try {
            AudioRecord(MediaRecorder.AudioSource.VOICE_RECOGNITION, sampleRate, AudioFormat.CHANNEL_IN_MONO, AudioFormat.ENCODING_PCM_16BIT, size)
        } catch (error: RuntimeException) {
            throw AudioException(error.message ?: "it cannot be opened")
        }
        try {
            record.startRecording()
        } catch (error: IllegalStateException) {
            record.release()
            throw AudioException(error.message ?: "it cannot be opened")
        }
        if (record.recordingState != AudioRecord.RECORDSTATE_RECORDING) {
            record.release()
            throw AudioException("another app uses it")
        }
    }

    override fun read(hop: ShortArray): Boolean {
        var filled = 0
        while (filled < hop.size) {
            val count = record.read(hop, filled, hop.size - filled)
            // Negative: an error. Zero of a blocking read: it was stopped.
            if (count <= 0) throw AudioException("it was taken away ($count)")
            filled += count
        }
        return true
    }

    override fun close() {
        try {
            record.stop()
        } catch (_: IllegalStateException) {
            // It had stopped before.
        }
        record.release()
    }
}
