package org.lrkeras.core.text

import org.junit.Assert.assertEquals
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.Goldens
import org.lrkeras.core.json.JsonObject

class TextInputTest {
    @Test
    fun givesTheIdsOfKeras() {
        val goldens = Goldens.json("text_ids.json") as List<*>
        assertTrue(goldens.size > 5)
        for (golden in goldens.map { JsonObject(it as Map<*, *>) }) {
            val input = TextInput(golden.child("settings"))
            for (case in golden.objects("cases")) {
                val text = case["text"]
                val found = if (text is String) input.ids(text) else intArrayOf(input.id(text!!))
                assertEquals("$text", case["ids"], found.map { it.toLong() })
            }
        }
    }

    @Test
    fun refusesWhatTheModelHasNoIdFor() {
        val input = TextInput(JsonObject.parse("""{"kind": "StringLookup", "vocabulary": ["a"], "unknown_id": null}"""))
        assertEquals(0, input.id("a"))
        assertThrows(IllegalArgumentException::class.java) { input.id("b") }
    }
}
