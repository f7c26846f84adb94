package org.lrkeras.core

import org.lrkeras.core.json.JsonReader
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Files that Python wrote (tools/release/android_goldens.py), and the models they belong to. */
object Goldens {
    private val demo: File = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "goldens").isDirectory }

    fun json(name: String): Any? = JsonReader.parse(File(demo, "goldens/$name").readText())

    /** The models that the app takes, of the package and of those beside it. */
    fun models(): List<File> = File(demo, "models.txt").readLines().filter { it.endsWith(".tflite") }.map { name ->
        listOf("lrkeras/models", "tools/release/models").map { File(demo, "../$it/$name") }.first { it.isFile }
    }

    /** A small model of the tests. */
    fun testModel(name: String) = File(demo, "app/src/test/resources/models/$name")

    fun clip(name: String): ByteArray = File(demo, "app/src/main/assets/clips/$name").readBytes()

    fun buffer(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }
}
