package org.lrkeras.core.text

import org.lrkeras.core.json.JsonObject

/**
 * From text to the ids that a file takes, as the Keras layer in front of its model did (`lrkeras.export.runtime.text_input`).
 *
 * @param settings The entry of one input under `text` in the file's metadata.
 */
class TextInput(settings: JsonObject) {
    private val isText = settings.text("kind") == "TextVectorization"
    private val standardize = settings.textOrNull("standardize")
    private val split = settings.textOrNull("split")
    private val length = (settings["output_sequence_length"] as? Long)?.toInt()
    private val unknown = (settings["unknown_id"] as? Long)?.toInt()
    private val ids = (settings["vocabulary"] as List<*>).withIndex().associate { (place, token) -> token to place }

    /** The ids of [text]: of its tokens, with zeros behind them where the model has a fixed length; of a look-up, one. */
    fun ids(text: String): IntArray {
        if (!isText) return intArrayOf(id(text))
        val found = tokens(text).map(::id)
        return IntArray(length ?: found.size) { place -> found.getOrElse(place) { 0 } }
    }

    /** The id of one token of a look-up: a text, or a Long of an `IntegerLookup`. */
    fun id(token: Any): Int = ids[token] ?: unknown
        ?: throw IllegalArgumentException("Expected tokens of the vocabulary, received $token: the model has no id for unknown ones.")

    /** The tokens of [text], as a `TextVectorization` cuts it. */
    fun tokens(text: String): List<String> {
        val plain = standardized(text)
        return when (split) {
            "whitespace" -> plain.split(*BLANKS).filter { it.isNotEmpty() }
            "character" -> characters(plain)
            else -> listOf(plain)
        }
    }

    private fun standardized(text: String): String {
        val lower = standardize == "lower" || standardize == LOWER_AND_STRIP
        val strip = standardize == "strip_punctuation" || standardize == LOWER_AND_STRIP
        return buildString {
            for (char in text) {
                if (strip && char in PUNCTUATION) continue
                // Keras lowers ASCII alone.
                append(if (lower && char in 'A'..'Z') char + ('a' - 'A') else char)
            }
        }
    }

    private fun characters(text: String): List<String> {
        val found = ArrayList<String>()
        var at = 0
        while (at < text.length) {
            val end = at + Character.charCount(text.codePointAt(at))
            found.add(text.substring(at, end))
            at = end
        }
        return found
    }

    private companion object {
        const val LOWER_AND_STRIP = "lower_and_strip_punctuation"
        const val PUNCTUATION = "!\"#$%&()*+,-./:;<=>?@[\\]^_`{|}~'"
        val BLANKS = charArrayOf(' ', '\t', '\n', '\u000B', '\u000C', '\r')
    }
}
