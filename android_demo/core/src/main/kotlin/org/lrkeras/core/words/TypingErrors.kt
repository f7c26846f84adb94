package org.lrkeras.core.words

import java.text.Normalizer

/**
 * How far a word is from what was typed, in edits that fingers make, as `lrkeras.tasks.keyboard.typing_errors` counts.
 *
 * Costs are negative log-probabilities (nats), up to what all have in common.
 */
internal object TypingErrors {
    private const val NEIGHBOUR = 2.5
    private const val OTHER = 4.0
    private const val MISSING = 3.0
    private const val MISSING_DOUBLE = 1.5
    private const val EXTRA = 3.5
    private const val EXTRA_DOUBLE = 1.5
    private const val SWAPPED = 2.0
    private const val ACCENT = 0.5

    /** On top, where the first letter is wrong. */
    private const val FIRST = 2.0

    private const val FARTHEST = 1.6
    private val ROWS = listOf("qwertyuiop" to 0.0, "asdfghjkl" to 0.25, "zxcvbnm" to 0.75)
    private val KEYS = ROWS.flatMapIndexed { row, (letters, shift) -> letters.mapIndexed { at, key -> key to (at + shift to row) } }.toMap()

    /** How many edits a word of so many letters may have. */
    fun most(letters: Int): Int = if (letters < 3) 0 else if (letters < 6) 1 else 2

    /**
     * What it costs that [word] was typed as [typed], or null where that takes more than [edits].
     *
     * A missing accent is no edit, but costs; letters other than a to z are kept: nobody types them by mistake.
     */
    fun cost(typed: String, word: String, edits: Int): Double? =
        cost(typed, 0, word, 0, edits).takeIf { it.isFinite() }

    /** From [i] in [a] and [j] in [b] on; what differs first is mended first. */
    private fun cost(a: String, i: Int, b: String, j: Int, edits: Int): Double {
        val same = sameFrom(a, i, b, j)
        val x = i + same
        val y = j + same
        if (x == a.length && y == b.length) return 0.0
        var least = Double.POSITIVE_INFINITY
        fun tryOut(price: Double, next: Double) {
            least = minOf(least, price + next)
        }
        val isPlain = x < a.length && a[x] in 'a'..'z'
        if (isPlain && y < b.length && b[y] !in 'a'..'z' && base(b[y]) == a[x]) tryOut(ACCENT, cost(a, x + 1, b, y + 1, edits))
        if (edits == 0) return least
        val first = if (x == 0 && y == 0) FIRST else 0.0
        if (isPlain && y < b.length) {
            tryOut(first + if (areNeighbours(a[x], b[y])) NEIGHBOUR else OTHER, cost(a, x + 1, b, y + 1, edits - 1))
        }
        if (isPlain) tryOut(first + if (x > 0 && a[x] == a[x - 1]) EXTRA_DOUBLE else EXTRA, cost(a, x + 1, b, y, edits - 1))
        if (y < b.length) tryOut(first + if (y > 0 && b[y] == b[y - 1]) MISSING_DOUBLE else MISSING, cost(a, x, b, y + 1, edits - 1))
        if (x + 1 < a.length && y + 1 < b.length && a[x] == b[y + 1] && a[x + 1] == b[y]) {
            tryOut(first + SWAPPED, cost(a, x + 2, b, y + 2, edits - 1))
        }
        return least
    }

    private fun sameFrom(a: String, i: Int, b: String, j: Int): Int {
        var same = 0
        while (i + same < a.length && j + same < b.length && a[i + same] == b[j + same]) same++
        return same
    }

    private fun base(letter: Char): Char = Normalizer.normalize(letter.toString(), Normalizer.Form.NFD)[0]

    /** Whether two keys of a QWERTY keyboard touch. */
    private fun areNeighbours(a: Char, b: Char): Boolean {
        val (x, row) = KEYS[a] ?: return false
        val (other, otherRow) = KEYS[b] ?: return false
        return (x - other) * (x - other) + (row - otherRow) * (row - otherRow) <= FARTHEST
    }
}
