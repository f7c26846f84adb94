package org.lrkeras.demo

import org.lrkeras.core.json.JsonReader
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFiles
import java.io.File
import java.io.FileNotFoundException
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Folders of the project, as tests need them. */
object Demo {
    val root = File(System.getProperty("demo.root"))
    /** Name and version of the runtime that the app is built with. */
    val runtime = "TensorFlow Lite ${System.getProperty("demo.runtimeVersion")}"
    private val tests = File(root, "app/src/test/resources/models")

    fun golden(name: String): Map<*, *> = JsonReader.parse(File(root, "goldens/$name.json").readText()) as Map<*, *>

    /** What Python suggests with a float32 model: texts that are typed, with what is shown. */
    fun suggestions(model: String): List<Map<*, *>> = goldens("$model.suggestions")

    fun goldens(name: String): List<Map<*, *>> =
        (JsonReader.parse(File(root, "goldens/$name.json").readText()) as List<*>).map { it as Map<*, *> }

    /** The models that the app takes, of the package and of those beside it. */
    fun models(): List<File> = File(root, "models.txt").readLines().filter { it.endsWith(".tflite") }.map { name ->
        listOf("lrkeras/models", "tools/release/models").map { File(root, "../$it/$name") }.first { it.isFile }
    }

    /** The small models of the tests. */
    fun testModels(): List<File> = tests.listFiles().orEmpty().filter { it.name.endsWith(".tflite") }.sorted()

    fun card(file: File) = ModelCard.read(file.name, buffer(file.readBytes()))

    /** A model of each task and its card in the place of those of the app: screens that look alike whatever is shipped. */
    fun testFiles() = Files(tests.listFiles().orEmpty().filter { "int4" !in it.name }.sorted().associate { it.name to it.readBytes() })

    fun clip(name: String): ByteArray = File(root, "app/src/main/assets/clips/$name").readBytes()

    fun buffer(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }

    /** Model files in memory; null stands for one that cannot be opened. */
    class Files(private val contents: Map<String, ByteArray?>) : ModelFiles {
        override fun names() = contents.keys.filter { it.endsWith(".tflite") }

        override fun map(name: String): ByteBuffer = buffer(contents[name] ?: throw FileNotFoundException(name))

        override fun text(name: String) = contents[name]?.toString(Charsets.UTF_8)
    }
}
