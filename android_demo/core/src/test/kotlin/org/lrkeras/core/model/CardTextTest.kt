package org.lrkeras.core.model

import org.junit.Assert.assertEquals
import org.junit.Test

class CardTextTest {
    @Test
    fun marksAndHeadingsGoAndLinesOfAParagraphAreJoined() {
        val markdown = """
            # a_model

            Words for `you`
            and me.

            * **Data**: some,
              and more.
            * **Licence**: free.
        """.trimIndent()
        assertEquals("Words for you and me.\n• Data: some, and more.\n• Licence: free.", CardText.plain(markdown))
    }

    @Test
    fun rowsOfTablesAreTold() {
        val markdown = """
            Before.

            | file | bytes | greedy / beam |
            |---|---:|---|
            | `a.tflite` | 1,200 | 3% / 4% |
            | b.tflite | 7 | |
            * After
        """.trimIndent()
        val told = listOf("Before.", "a.tflite: bytes 1,200; greedy / beam 3% / 4%", "b.tflite: bytes 7; greedy / beam", "• After")
        assertEquals(told.joinToString("\n"), CardText.plain(markdown))
    }
}
