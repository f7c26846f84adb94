package org.lrkeras.demo.common

import android.content.res.AssetManager
import org.lrkeras.core.model.ModelFiles
import java.nio.ByteBuffer
import java.nio.ByteOrder
import java.nio.channels.FileChannel

/** Files in a folder of the app's assets. */
class AssetFiles(private val assets: AssetManager, private val folder: String) : ModelFiles {
    override fun names(): List<String> = assets.list(folder).orEmpty().filter { it.endsWith(MODEL) }.sorted()

    override fun map(name: String): ByteBuffer {
        val path = "$folder/$name"
        return try {
            assets.openFd(path).use { file ->
                file.createInputStream().use { it.channel.map(FileChannel.MapMode.READ_ONLY, file.startOffset, file.declaredLength) }
            }
        } catch (_: java.io.FileNotFoundException) {
            // No descriptor for assets that were compressed, as another packager may do: a copy serves as well.
            val bytes = assets.open(path).use { it.readBytes() }
            ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }
        }
    }

    override fun text(name: String): String? = try {
        assets.open("$folder/$name").use { it.readBytes().toString(Charsets.UTF_8) }
    } catch (_: java.io.FileNotFoundException) {
        null
    }

    private companion object {
        const val MODEL = ".tflite"
    }
}
