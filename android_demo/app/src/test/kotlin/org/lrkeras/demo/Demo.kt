package org.lrkeras.demo

import org.lrkeras.core.json.JsonReader
import org.lrkeras.core.model.ModelFiles
import java.io.File
import java.io.FileNotFoundException
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Folders of the project, as tests need them. */
object Demo {
    val root = File(System.getProperty("demo.root"))
    private val models = File(root, "app/src/main/assets/models")

    fun golden(name: String): Map<*, *> = JsonReader.parse(File(root, "goldens/$name.json").readText()) as Map<*, *>

    fun models(): List<File> = models.listFiles().orEmpty().filter { it.name.endsWith(".tflite") }.sorted()

    fun clip(name: String): ByteArray = File(root, "app/src/main/assets/clips/$name").readBytes()

    fun buffer(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }

    /** Model files in memory; null stands for one that cannot be opened. */
    class Files(private val contents: Map<String, ByteArray?>) : ModelFiles {
        override fun names() = contents.keys.toList()

        override fun map(name: String): ByteBuffer = buffer(contents[name] ?: throw FileNotFoundException(name))
    }
}
