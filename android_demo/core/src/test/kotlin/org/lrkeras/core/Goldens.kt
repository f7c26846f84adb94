package org.lrkeras.core

import org.lrkeras.core.json.JsonReader
import java.io.File
import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Files that Python wrote (tools/android_goldens.py), and the models they belong to. */
object Goldens {
    private val demo: File = generateSequence(File("").absoluteFile) { it.parentFile }.first { File(it, "goldens").isDirectory }

    fun json(name: String): Any? = JsonReader.parse(File(demo, "goldens/$name").readText())

    fun models(): List<File> = File(demo, "app/src/main/assets/models").listFiles().orEmpty().filter { it.name.endsWith(".tflite") }.sorted()

    fun clip(name: String): ByteArray = File(demo, "app/src/main/assets/clips/$name").readBytes()

    fun buffer(bytes: ByteArray): ByteBuffer = ByteBuffer.allocateDirect(bytes.size).order(ByteOrder.nativeOrder()).put(bytes).apply { rewind() }
}
