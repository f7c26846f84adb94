package org.lrkeras.demo.runtime

import org.junit.Assert.assertEquals
import org.junit.Test
import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelMetadata
import org.lrkeras.core.runtime.Seq2SeqRunner
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.demo.Demo
import org.lrkeras.lite.LiteRuntime
import java.io.File

/** An encoder and a decoder on the native library of the APK, against what Python gave (tools/release/android_seq2seq_model.py). */
class Seq2SeqRuntimeTest {
    private val folder = File(Demo.root, "app/src/test/resources/seq2seq")

    @Test
    fun decodesWhatPythonDecodes() {
        val golden = JsonObject.parse(File(folder, "reverser.json").readText())
        val file = Demo.buffer(File(folder, "reverser.tflite").readBytes())
        val details = JsonObject.parse(ModelMetadata.read(file, "lrkeras")!!)
        for (options in listOf(SessionOptions(1, true), SessionOptions(2, false))) {
            Seq2SeqRunner.of(LiteRuntime().open(file, options), details).use { runner ->
                for (case in golden.objects("cases")) check(runner, golden, case)
            }
        }
    }

    private fun check(runner: Seq2SeqRunner, golden: JsonObject, case: JsonObject) {
        val source = ids(case["source"]).toIntArray()
        val (start, end, steps) = listOf("start", "end", "max_steps").map { golden.int(it) }
        assertEquals(ids(case["greedy"]), runner.greedy(source, start, end, steps))
        val found = runner.beamSearch(source, start, end, golden.int("width"), steps, golden.double("length_penalty"))
        val expected = case.objects("beams")
        assertEquals(expected.map { ids(it["tokens"]) }, found.map { it.tokens })
        expected.zip(found).forEach { (one, other) -> assertEquals(one.double("score"), other.score, 1e-3) }
    }

    private fun ids(list: Any?) = (list as List<*>).map { (it as Long).toInt() }
}
