package org.lrkeras.lite

import android.content.res.AssetManager
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StreamModel
import java.io.File
import java.io.IOException
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

/**
 * Opens models, mapped into memory where that is possible.
 *
 * Throws IOException where there is no file, and [org.lrkeras.core.model.ModelFileException] where it is none that the runtime
 * runs. Each call loads a model anew: keep what it returns, and close it.
 */
object LiteModels {
    /** Streams of a file in the app's assets; best kept from compression: `noCompress += "tflite"`. */
    @JvmStatic
    @JvmOverloads
    @Throws(IOException::class)
    fun stream(assets: AssetManager, name: String, options: SessionOptions = SessionOptions()) = StreamModel(session(map(assets, name), options))

    /** Streams of a file. */
    @JvmStatic
    @JvmOverloads
    @Throws(IOException::class)
    fun stream(file: File, options: SessionOptions = SessionOptions()) = StreamModel(session(map(file), options))

    /** Streams of a model in memory; a direct buffer is used as it is and must stay so, another one is copied. */
    @JvmStatic
    @JvmOverloads
    fun stream(model: ByteBuffer, options: SessionOptions = SessionOptions()) = StreamModel(session(model, options))

    /** A model for [org.lrkeras.core.runtime.StepRunner], [org.lrkeras.core.runtime.Seq2SeqRunner] and the like. */
    @JvmStatic
    @JvmOverloads
    fun session(model: ByteBuffer, options: SessionOptions = SessionOptions()): InferenceSession =
        LiteRuntime().open(if (model.isDirect) model else direct(model), options)

    /** A file in the app's assets. */
    @JvmStatic
    @Throws(IOException::class)
    fun map(assets: AssetManager, name: String): ByteBuffer = try {
        assets.openFd(name).use { file ->
            file.createInputStream().use { it.channel.map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength) }
        }
    } catch (_: java.io.FileNotFoundException) {
        // No descriptor for assets that were compressed, as another packager may do: a copy serves as well.
        direct(ByteBuffer.wrap(assets.open(name).use { it.readBytes() }))
    }

    /** A file. */
    @JvmStatic
    @Throws(IOException::class)
    fun map(file: File): ByteBuffer = file.inputStream().use { it.channel.map(FileChannel.MapMode.READ_ONLY, 0, file.length()) }

    private fun direct(model: ByteBuffer): ByteBuffer {
        val bytes = model.duplicate().apply { rewind() }
        return ByteBuffer.allocateDirect(bytes.remaining()).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }
    }
}
