package org.lrkeras.core.model

import java.io.IOException
import java.nio.ByteBuffer

/**
 * The models that the app can use, found by what their files say; no name of a model stands in the code.
 *
 * A file that cannot be used does not hide the others: it is told among the [problems].
 */
class ModelLibrary(private val files: ModelFiles) {
    private val mapped = HashMap<String, ByteBuffer>()

    /** The models by task, those of one in the order of the files. */
    val cards: List<ModelCard>

    /** File names with the reason why they cannot be used. */
    val problems: Map<String, String>

    init {
        val broken = LinkedHashMap<String, String>()
        val usable = files.names().mapNotNull { name ->
            try {
                ModelCard.read(name, map(name))
            } catch (error: ModelFileException) {
                broken[name] = error.message.orEmpty()
                null
            } catch (error: IOException) {
                broken[name] = "Expected a readable file: ${error.message}"
                null
            }
        }
        cards = usable.sortedBy { it.task }
        problems = broken
    }

    /** The models for a task. */
    fun cards(task: ModelTask): List<ModelCard> = cards.filter { it.task == task }

    /** The contents of a file, mapped once. */
    fun data(card: ModelCard): ByteBuffer = synchronized(mapped) { mapped.getOrPut(card.file) { files.map(card.file) } }

    /** What is told about a model in words, or null: the file `NAME.md` beside it. */
    fun description(card: ModelCard): String? = files.text("${card.name}.md")?.let { CardText.plain(it) }

    /** Maps a file anew. */
    fun map(file: String): ByteBuffer = files.map(file)
}
