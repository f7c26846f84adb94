package org.lrkeras.core.json

/** Writes maps, lists, strings, numbers, booleans and null as JSON; numbers that JSON lacks become null. */
object JsonWriter {
    /** [value] on one line, keys in the order of the map. */
    fun write(value: Any?): String = StringBuilder().also { put(value, it) }.toString()

    private fun put(value: Any?, out: StringBuilder) {
        when (value) {
            null -> out.append("null")
            is Boolean -> out.append(value)
            is Double -> out.append(if (value.isNaN() || value.isInfinite()) "null" else value.toString())
            is Float -> put(value.toDouble(), out)
            is Number -> out.append(value)
            is String -> quote(value, out)
            is Map<*, *> -> joined(value.entries, '{', '}', out) { (key, inner) ->
                quote(key as String, out)
                out.append(": ")
                put(inner, out)
            }
            is LongArray -> joined(value.asList(), '[', ']', out) { put(it, out) }
            is Iterable<*> -> joined(value, '[', ']', out) { put(it, out) }
            else -> throw IllegalArgumentException("Expected a value that JSON holds, received ${value.javaClass}.")
        }
    }

    private fun <T> joined(items: Iterable<T>, open: Char, close: Char, out: StringBuilder, each: (T) -> Unit) {
        out.append(open)
        items.forEachIndexed { index, item ->
            if (index > 0) out.append(", ")
            each(item)
        }
        out.append(close)
    }

    private fun quote(text: String, out: StringBuilder) {
        out.append('"')
        for (c in text) {
            when {
                c == '"' || c == '\\' -> out.append('\\').append(c)
                c == '\n' -> out.append("\\n")
                c < ' ' || c == '\u2028' || c == '\u2029' -> out.append("\\u").append(c.code.toString(16).padStart(4, '0'))
                else -> out.append(c)
            }
        }
        out.append('"')
    }
}
