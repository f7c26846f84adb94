package org.lrkeras.core.json

/** A JSON object whose entries are asked for by name and type. */
class JsonObject(private val entries: Map<*, *>) {
    /** The text under [key], or null if there is none. */
    fun textOrNull(key: String): String? = entries[key] as? String

    /** The text under [key]. */
    fun text(key: String): String = textOrNull(key) ?: missing(key, "a text")

    /** The whole number under [key], which must fit an Int. */
    fun int(key: String): Int {
        val value = entries[key] as? Long ?: missing(key, "a whole number")
        if (value !in Int.MIN_VALUE..Int.MAX_VALUE) missing(key, "a number of 32 bits")
        return value.toInt()
    }

    /** The number under [key]. */
    fun double(key: String): Double = (entries[key] as? Number ?: missing(key, "a number")).toDouble()

    /** The list of texts under [key]. */
    fun texts(key: String): List<String> = textsOrNull(key) ?: missing(key, "a list of texts")

    /** The list of texts under [key], or null if there is none. */
    fun textsOrNull(key: String): List<String>? =
        (entries[key] as? List<*>)?.let { list -> list.filterIsInstance<String>().takeIf { it.size == list.size } }

    /** The objects in the list under [key]. */
    fun objects(key: String): List<JsonObject> =
        (entries[key] as? List<*> ?: missing(key, "a list")).map { JsonObject(it as? Map<*, *> ?: missing(key, "objects")) }

    /** The object under [key]. */
    fun child(key: String): JsonObject = JsonObject(entries[key] as? Map<*, *> ?: missing(key, "an object"))

    /** The entry as it was read. */
    operator fun get(key: String): Any? = entries[key]

    private fun missing(key: String, what: String): Nothing {
        val received = if (key in entries) "something else" else "only ${entries.keys}"
        throw JsonException("Expected $what under \"$key\", received $received.")
    }

    companion object {
        /** Reads [text], which must be one object. */
        fun parse(text: String): JsonObject {
            val value = JsonReader.parse(text)
            return JsonObject(value as? Map<*, *> ?: throw JsonException("Expected a JSON object, received another value."))
        }
    }
}
