package org.lrkeras.core.json

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test

class JsonTest {
    @Test
    fun readsWhatPythonWrites() {
        val text = """ {"a": [1, -2.5, 1e3, true, null, NaN], "b": {"c": "\u00e9\ud83d\ude00\n\"\\"}, "d": [], "e": {}} """
        val read = JsonReader.parse(text) as Map<*, *>
        assertEquals(listOf(1L, -2.5, 1000.0, true, null, Double.NaN), read["a"])
        assertEquals(mapOf("c" to "é😀\n\"\\"), read["b"])
        assertEquals(emptyList<Any>(), read["d"])
        assertEquals(emptyMap<String, Any>(), read["e"])
    }

    @Test
    fun writesWhatItReads() {
        val value = mapOf("a" to listOf(1L, 2.25, "x\"\\\n\u0001\u2028é", null, false), "b" to mapOf("c" to emptyList<Any>()))
        assertEquals(value, JsonReader.parse(JsonWriter.write(value)))
        assertEquals("""{"x": [1, 2], "y": null}""", JsonWriter.write(mapOf("x" to longArrayOf(1, 2), "y" to Double.NaN)))
    }

    @Test
    fun saysWhereTextStopsBeingJson() {
        val cases = mapOf(
            "" to "a value at character 0",
            "[1, 2" to "',' or ']' at character 5",
            "{\"a\" 1}" to "':' at character 5",
            "[01x]" to "a value at character 1",
            "\"abc" to "'\"' at character 4",
            "\"\\q\"" to "an escape sequence",
            "1 2" to "the end of the text at character 2",
        )
        for ((text, part) in cases) {
            val error = assertThrows(JsonException::class.java) { JsonReader.parse(text) }
            assertTrue("$text: ${error.message}", part in error.message!!)
        }
        assertThrows(JsonException::class.java) { JsonReader.parse("[".repeat(100_000)) }
    }

    @Test
    fun objectsSayWhatIsMissing() {
        val read = JsonObject.parse("""{"n": 3, "big": 3000000000, "words": ["a", 1], "o": {"p": "q"}}""")
        assertEquals(3, read.int("n"))
        assertEquals("q", read.child("o").text("p"))
        for (wrong in listOf<() -> Any>({ read.int("big") }, { read.texts("words") }, { read.text("n") }, { read.text("absent") })) {
            assertThrows(JsonException::class.java) { wrong() }
        }
        assertThrows(JsonException::class.java) { JsonObject.parse("[]") }
    }
}
