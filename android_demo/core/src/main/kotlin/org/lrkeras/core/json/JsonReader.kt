package org.lrkeras.core.json

/**
 * Reads JSON into maps, lists, strings, numbers (Long where they are whole, else Double), booleans and null.
 *
 * Python writes NaN and infinities as names; both are read too.
 */
class JsonReader private constructor(private val text: String) {
    private var at = 0

    private fun document(): Any? {
        val value = value(0)
        blanks()
        if (at != text.length) fail("the end of the text")
        return value
    }

    private fun value(depth: Int): Any? {
        if (depth > MAX_DEPTH) throw JsonException("Expected at most $MAX_DEPTH levels of JSON.")
        blanks()
        return when (peek()) {
            '{' -> obj(depth)
            '[' -> array(depth)
            '"' -> string()
            else -> literal()
        }
    }

    private fun obj(depth: Int): Map<String, Any?> {
        val found = LinkedHashMap<String, Any?>()
        at++
        blanks()
        if (skip('}')) return found
        do {
            blanks()
            val key = string()
            blanks()
            if (!skip(':')) fail("':'")
            found[key] = value(depth + 1)
            blanks()
        } while (skip(','))
        if (!skip('}')) fail("',' or '}'")
        return found
    }

    private fun array(depth: Int): List<Any?> {
        val found = ArrayList<Any?>()
        at++
        blanks()
        if (skip(']')) return found
        do {
            found.add(value(depth + 1))
            blanks()
        } while (skip(','))
        if (!skip(']')) fail("',' or ']'")
        return found
    }

    private fun string(): String {
        if (!skip('"')) fail("a string")
        val found = StringBuilder()
        while (true) {
            val c = peek()
            if (c == END || c < ' ') fail("'\"'")
            at++
            when (c) {
                '"' -> return found.toString()
                '\\' -> found.append(escaped())
                else -> found.append(c)
            }
        }
    }

    private fun escaped(): Char {
        val c = peek()
        at++
        val place = "\"\\/bfnrt".indexOf(c)
        if (place >= 0) return "\"\\/\b\u000c\n\r\t"[place]
        val code = if (c == 'u' && at + 4 <= text.length) text.substring(at, at + 4).toIntOrNull(16) else null
        if (code == null) fail("an escape sequence")
        at += 4
        return code.toChar()
    }

    private fun literal(): Any? {
        val start = at
        while (peek().let { it.isLetterOrDigit() || it in "+-." }) at++
        val word = text.substring(start, at)
        if (word in NAMED) return NAMED[word]
        val number = if (NUMBER.matches(word)) word.toLongOrNull() ?: word.toDoubleOrNull() else null
        if (number == null) {
            at = start
            fail("a value")
        }
        return number
    }

    private fun peek(): Char = if (at < text.length) text[at] else END

    private fun skip(c: Char): Boolean = (peek() == c).also { if (it) at++ }

    private fun blanks() {
        while (peek() in " \t\r\n") at++
    }

    private fun fail(expected: String): Nothing {
        val received = if (at < text.length) "'${text[at]}'" else "the end"
        throw JsonException("Expected $expected at character $at of the JSON text, received $received.")
    }

    companion object {
        private const val END = '\u0000'
        private const val MAX_DEPTH = 64
        private val NUMBER = Regex("-?\\d+(\\.\\d+)?([eE][+-]?\\d+)?")
        private val NAMED = mapOf(
            "true" to true,
            "false" to false,
            "null" to null,
            "NaN" to Double.NaN,
            "Infinity" to Double.POSITIVE_INFINITY,
            "-Infinity" to Double.NEGATIVE_INFINITY,
        )

        /** Reads [text]; a [JsonException] says where it stops being JSON. */
        fun parse(text: String): Any? = JsonReader(text).document()
    }
}
