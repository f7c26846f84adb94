package org.lrkeras.demo.common

import android.content.res.AssetManager
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.lite.LiteModels
import java.nio.ByteBuffer

/** Files in a folder of the app's assets. */
class AssetFiles(private val assets: AssetManager, private val folder: String) : ModelFiles {
    /** The models, the best first as the list beside them says; what it does not name comes last. */
    override fun names(): List<String> {
        val found = assets.list(folder).orEmpty().filter { it.endsWith(MODEL) }.sorted()
        val listed = text(LIST).orEmpty().lines()
        return (listed.filter { it in found } + found).distinct()
    }

    override fun map(name: String): ByteBuffer = LiteModels.map(assets, "$folder/$name")

    override fun text(name: String): String? = try {
        assets.open("$folder/$name").use { it.readBytes().toString(Charsets.UTF_8) }
    } catch (_: java.io.FileNotFoundException) {
        null
    }

    private companion object {
        const val MODEL = ".tflite"
        const val LIST = "models.txt"
    }
}
