package org.lrkeras.core.benchmark

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Rule
import org.junit.Test
import org.junit.rules.TemporaryFolder
import java.io.File
import java.io.IOException

class ResultStoreTest {
    @get:Rule
    val temporary = TemporaryFolder()

    @Test
    fun keepsTheNewest() {
        val folder = File(temporary.root, "results")
        val store = ResultStore(folder)
        assertEquals(emptyList<File>(), store.files())
        // Times of different length: by number, not by letter.
        for (time in 95L..120L) assertEquals("{$time}", store.save(time, "{$time}").readText())
        assertEquals((101L..120L).reversed().map { "benchmark-$it.json" }, store.files().map { it.name })
        assertEquals(20, folder.list()!!.size)
        assertEquals("{110}", store.find("benchmark-110.json")!!.readText())
        assertNull(store.find("../secret"))
    }

    @Test
    fun aStorageThatRefusesLeavesWhatWasThere() {
        val folder = temporary.newFolder("results")
        val store = ResultStore(folder)
        store.save(1, "first")
        // A folder where the draft would be: writing fails, as on a full storage.
        File(folder, "draft/inside").mkdirs()
        assertThrows(IOException::class.java) { store.save(2, "second") }
        assertEquals(listOf("first"), store.files().map { it.readText() })
        val blocked = temporary.newFile("file")
        assertThrows(IOException::class.java) { ResultStore(File(blocked, "results")).save(3, "third") }
    }
}
