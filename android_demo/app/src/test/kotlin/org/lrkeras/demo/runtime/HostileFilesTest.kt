package org.lrkeras.demo.runtime

import org.junit.Assert.assertEquals
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.demo.Demo
import org.lrkeras.lite.LiteRuntime
import java.io.File
import java.util.concurrent.TimeUnit
import kotlin.random.Random

/**
 * Broken models through the runner, in a process that takes the blow: the native library reads them, and may end it.
 *
 * Some always; `-Ddemo.long=true` breaks a thousand. What is thrown must be an exception that the runner documents. A crash of the process is
 * counted and told, and bounded: SECURITY.md says that the library is for files of whoever makes the app.
 */
class HostileFilesTest {
    private val count = if (System.getProperty("demo.long") == "true") 1000 else 60

    @Test
    fun brokenModelsAreRefusedOrRun() {
        val found = HashMap<String, Int>()
        var next = 0
        while (next < count) {
            val command = listOf(File(System.getProperty("java.home"), "bin/java").path, "-XX:TieredStopAtLevel=1", "-Xmx512m") +
                listOf("java.library.path", "demo.root", "demo.runtimeVersion", "org.bytedeco.javacpp.platform").mapNotNull { name -> System.getProperty(name)?.let { "-D$name=$it" } } +
                listOf("-cp", System.getProperty("java.class.path"), HostileFiles::class.java.name, "$next", "$count")
            val process = ProcessBuilder(command).redirectErrorStream(true).start()
            val lines = process.inputStream.bufferedReader().readLines()
            assertTrue(process.waitFor(10, TimeUnit.MINUTES))
            val told = lines.mapNotNull { Regex("(\\d+) (refused|accepted|wrong)(.*)").matchEntire(it) }
            told.forEach { found.merge(it.groupValues[2], 1, Int::plus) }
            assertEquals(lines.joinToString("\n"), emptyList<String>(), told.filter { it.groupValues[2] == "wrong" }.map { it.value })
            val last = told.lastOrNull()?.groupValues?.get(1)?.toInt() ?: (next - 1)
            if (process.exitValue() == 0) break
            assertTrue("The process did not begin: ${lines.takeLast(20)}", lines.any { it == "begun" })
            found.merge("crashed", 1, Int::plus)
            next = last + 2
        }
        println("HostileFilesTest: $count broken models, $found")
        assertEquals(count, found.values.sum())
        assertTrue("$found", found.getOrDefault("refused", 0) > count / 4)
        assertTrue("$found", found.getOrDefault("crashed", 0) <= count / 10)
    }
}

/** What the process does: a line for each broken model. */
object HostileFiles {
    @JvmStatic
    fun main(arguments: Array<String>) {
        val runtime = LiteRuntime()
        val models = Demo.testModels().map { it.readBytes() }
        println("begun")
        for (number in arguments[0].toInt() until arguments[1].toInt()) {
            val random = Random(number)
            val broken = broken(models[number % models.size], random)
            println("$number ${outcome(runtime, broken)}")
        }
    }

    private fun outcome(runtime: LiteRuntime, bytes: ByteArray): String = try {
        ModelCard.read("broken.tflite", Demo.buffer(bytes))
        StepRunner(runtime.open(Demo.buffer(bytes), SessionOptions())).use { runner -> repeat(3) { runner.run() } }
        "accepted"
    } catch (error: ModelFileException) {
        "refused ${error.message?.lineSequence()?.first()}"
    } catch (error: IllegalArgumentException) {
        "refused ${error.message?.lineSequence()?.first()}"
    } catch (error: IllegalStateException) {
        "refused ${error.message?.lineSequence()?.first()}"
    } catch (error: Throwable) {
        "wrong $error at ${error.stackTrace.firstOrNull { "lrkeras" in it.className }}"
    }

    private fun broken(whole: ByteArray, random: Random): ByteArray {
        val bytes = whole.copyOf()
        val place = random.nextInt(bytes.size)
        val length = minOf(1 + random.nextInt(64), bytes.size - place)
        return when (random.nextInt(5)) {
            0 -> bytes.copyOf(place)
            1 -> bytes.also { repeat(8) { bytes[random.nextInt(bytes.size)] = random.nextInt().toByte() } }
            2 -> bytes.also { bytes.fill(if (random.nextBoolean()) 0 else -1, place, place + length) }
            3 -> bytes.also { random.nextInt(bytes.size - length + 1).let { from -> whole.copyInto(bytes, place, from, from + length) } }
            // The tables are at the ends of a file; weights lie between.
            else -> bytes.also { repeat(4) { bytes[if (random.nextBoolean()) random.nextInt(200) else bytes.size - 1 - random.nextInt(minOf(4000, bytes.size))] = random.nextInt().toByte() } }
        }
    }
}
