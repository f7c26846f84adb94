package org.lrkeras.core.model

import org.junit.Assert.assertEquals
import org.junit.Assert.assertNull
import org.junit.Assert.assertThrows
import org.junit.Assert.assertTrue
import org.junit.Test
import org.lrkeras.core.Goldens
import java.io.File
import java.io.FileNotFoundException
import java.nio.ByteBuffer
import java.security.MessageDigest

class ModelCardTest {
    private val word = Goldens.testModel("word_prediction_tiny.tflite")

    private class Files(private val contents: Map<String, ByteArray?>) : ModelFiles {
        override fun names() = contents.keys.filter { !it.endsWith(".md") }

        override fun map(name: String): ByteBuffer = Goldens.buffer(contents[name] ?: throw FileNotFoundException(name))

        override fun text(name: String) = contents[name]?.toString(Charsets.UTF_8)
    }

    @Test
    fun readsTheModelsOfTheApp() {
        val models = Goldens.models()
        assertTrue(models.size >= 4)
        for (file in models) {
            val golden = Goldens.json("${file.nameWithoutExtension}.json") as Map<*, *>
            val card = ModelCard.read(file.name, Goldens.buffer(file.readBytes()))
            assertEquals(golden["task"], card.task.id)
            when (card.task) {
                ModelTask.WORDS -> assertEquals(golden["width"], card.details.texts("vocabulary").size.toLong())
                ModelTask.SPEECH -> assertEquals(golden["width"], card.details.texts("labels").size + 1L)
                ModelTask.FRONT_END -> assertEquals(320, card.details.int("samples_per_step"))
            }
            assertEquals(file.length(), card.bytes.toLong())
            val hash = MessageDigest.getInstance("SHA-256").digest(file.readBytes())
            assertEquals(java.math.BigInteger(1, hash).toString(16).padStart(64, '0'), card.sha256)
            assertTrue(card.licence!!.isNotEmpty())
        }
    }

    @Test
    fun titlesTellTheFilesOfAModelApart() {
        val card = ModelCard.read("x.tflite", Goldens.buffer(word.readBytes()))
        assertEquals("word_prediction_tiny", card.name)
        assertEquals("word_prediction_tiny · float32", card.title)
        assertEquals("tiny · float32", card.shortTitle)
        val titles = Goldens.models().map { ModelCard.read(it.name, Goldens.buffer(it.readBytes())).title }
        assertEquals(titles.size, titles.toSet().size)
    }

    @Test
    fun theDescriptionLiesBesideTheFile() {
        val contents = mapOf("a.tflite" to word.readBytes())
        fun described(files: Map<String, ByteArray?>) = ModelLibrary(Files(files)).let { it.description(it.cards.single()) }
        assertNull(described(contents))
        assertEquals("Words.", described(contents + ("word_prediction_tiny.md" to "# Title\n\n**Words**.".toByteArray())))
    }

    @Test
    fun aFileThatIsCutOffIsToldAndNothingElseHappens() {
        val whole = word.readBytes()
        val lengths = (0..400) + (0 until whole.size step 4999) + (whole.size - 400 until whole.size step 7)
        for (length in lengths) {
            try {
                // What lies behind the metadata may be cut off without this reader noticing; the runtime does.
                ModelCard.read("cut.tflite", Goldens.buffer(whole.copyOf(length)))
            } catch (_: ModelFileException) {
                continue
            }
        }
        assertThrows(ModelFileException::class.java) { ModelCard.read("x", Goldens.buffer(whole.copyOf(whole.size / 2))) }
        assertThrows(ModelFileException::class.java) { ModelCard.read("x", Goldens.buffer(ByteArray(5000) { it.toByte() })) }
    }

    @Test
    fun aDamagedFileIsToldToo() {
        val whole = word.readBytes()
        val random = java.util.Random(0)
        repeat(2000) {
            val damaged = whole.copyOf()
            repeat(1 + random.nextInt(8)) { damaged[random.nextInt(minOf(damaged.size, 4096))] = random.nextInt().toByte() }
            try {
                ModelCard.read("damaged.tflite", ByteBuffer.wrap(damaged))
            } catch (_: ModelFileException) {
                return@repeat
            }
        }
    }

    @Test
    fun oneBadFileDoesNotHideTheOthers() {
        val good = Goldens.models().first()
        val library = ModelLibrary(Files(mapOf("gone.tflite" to null, "a.tflite" to good.readBytes(), "text.tflite" to "hello".toByteArray())))
        assertEquals(listOf("a.tflite"), library.cards.map { it.file })
        assertEquals(setOf("gone.tflite", "text.tflite"), library.problems.keys)
        assertTrue("received 5 bytes" in library.problems.getValue("text.tflite"))
    }

    @Test
    fun modelsAreInTheOrderOfTheirFilesTaskByTask() {
        val byTask = Goldens.models().groupBy { ModelCard.read(it.name, Goldens.buffer(it.readBytes())).task }
        val words = byTask.getValue(ModelTask.WORDS).take(2)
        val speech = byTask.getValue(ModelTask.SPEECH).take(2)
        fun order(files: List<File>) = ModelLibrary(Files(files.associate { it.name to it.readBytes() })).cards.map { it.file }
        assertEquals((words + speech).map { it.name }, order(listOf(speech[0], words[0], words[1], speech[1])))
        assertEquals(words.reversed().map { it.name }, order(words.reversed()))
    }

    @Test
    fun metadataOfOthersIsNoCard() {
        val file = Goldens.models().first().readBytes()
        assertNull(ModelMetadata.read(Goldens.buffer(file), "no_such_entry"))
        // The runtime's version stands in a field of sixteen bytes.
        assertTrue(ModelMetadata.read(Goldens.buffer(file), "min_runtime_version")!!.matches(Regex("\\d+\\.\\d+\\.\\d+\u0000+")))
    }
}
