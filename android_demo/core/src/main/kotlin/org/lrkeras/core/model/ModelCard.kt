package org.lrkeras.core.model

import org.lrkeras.core.json.JsonException
import org.lrkeras.core.json.JsonObject
import java.nio.ByteBuffer
import java.security.MessageDigest
import java.util.zip.DataFormatException

/**
 * What a model file says about itself in its metadata entry `lrkeras`.
 *
 * @property file Name of the file, without folders.
 * @property name Name of the model, which its files may share; the file's name if the metadata has none.
 * @property bytes Size of the file.
 * @property details The entry itself, for what depends on the task.
 * @param hash Computes [sha256].
 */
class ModelCard(
    val file: String,
    val name: String,
    val task: ModelTask,
    val bytes: Int,
    val details: JsonObject,
    hash: () -> String,
) {
    /** Hash of the file, in hexadecimal; computed when it is first asked for, which the first keystroke does not wait for. */
    val sha256: String by lazy(hash)

    /** What a person sees of a file: the name of its model and its kind of numbers. */
    val title: String get() = "$name · ${quantize ?: FLOAT32}"

    /** [title] where the task is known. */
    val shortTitle: String get() = title.removePrefix("${task.id}_")

    /** Licence of the model and its data, or null if the file does not say. */
    val licence: String? get() = details.textOrNull("licence")

    /** `int8`, `float16`, ..., or null for float32. */
    val quantize: String? get() = details.textOrNull("quantize")

    /** What the matrices are made of, by layer, in the order of the model. */
    val structures: Map<String, String>
        get() = (details["structures"] as? Map<*, *>).orEmpty().entries.associate { (key, value) -> "$key" to "$value" }

    companion object {
        private const val ENTRY = "lrkeras"
        private const val FLOAT32 = "float32"

        /** Reads the card of a model; throws [ModelFileException] if the app cannot use the file. */
        fun read(file: String, data: ByteBuffer): ModelCard {
            return try {
                val text = ModelMetadata.read(data, ENTRY)
                    ?: throw ModelFileException("Expected a metadata entry \"$ENTRY\", received a file without it. Convert with lrkeras.")
                of(file, data, JsonObject.parse(text))
            } catch (error: JsonException) {
                throw unreadable(file, error)
            } catch (error: DataFormatException) {
                throw unreadable(file, error)
            }
        }

        private fun unreadable(file: String, error: Exception) =
            ModelFileException("Expected readable metadata in $file: ${error.message}", error)

        private fun of(file: String, data: ByteBuffer, details: JsonObject): ModelCard {
            val id = details.text("task")
            val task = ModelTask.values().firstOrNull { it.id == id }
                ?: throw ModelFileException("Expected a task of ${ModelTask.values().map { it.id }}, received \"$id\".")
            val name = details.textOrNull("name") ?: file.substringBeforeLast('.')
            return ModelCard(file, name, task, data.limit(), details) { hash(data) }
        }

        private fun hash(data: ByteBuffer): String {
            val digest = MessageDigest.getInstance("SHA-256")
            digest.update(data.duplicate().apply { rewind() })
            return digest.digest().joinToString("") { "%02x".format(it) }
        }
    }
}
