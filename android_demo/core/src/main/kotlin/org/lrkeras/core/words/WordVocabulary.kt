package org.lrkeras.core.words

import kotlin.math.abs

/**
 * The words of a model, with what the suggestions need to know of each.
 *
 * @param words The tokens in the order of their ids.
 * @param blocked Words that are never suggested.
 * @param spellings Words that are written with capitals, as they are written.
 */
class WordVocabulary(
    private val words: List<String>,
    blocked: Collection<String> = emptyList(),
    spellings: Collection<String> = emptyList(),
) {
    private val spelled = spellings.associateBy { Tokenizer.normalized(it) }
    private val ids = HashMap<String, Int>(2 * words.size)
    private val hidden = blocked.toSet()
    private val suggested: IntArray
    private val keys: List<String>
    private val marks: IntArray

    /** The token that stands for every word that is not in the vocabulary. */
    val unknown: Int

    /** The token that starts a message. */
    val end: Int

    /** How many tokens there are. */
    val size: Int get() = words.size

    init {
        words.forEachIndexed { id, word -> ids[word] = id }
        unknown = special(Tokenizer.UNKNOWN)
        end = special(Tokenizer.END)
        val allowed = words.indices.filter { isShown(words[it]) && words[it] !in hidden }
        suggested = allowed.sortedBy { withoutApostrophes(words[it]) }.toIntArray()
        keys = suggested.map { withoutApostrophes(words[it]) }
        marks = words.indices.filter { words[it] in PUNCTUATION }.toIntArray()
    }

    /** The word with an id. */
    fun word(id: Int): String = words[id]

    /** A word in lower case as it is written inside of a sentence. */
    fun spelling(word: String): String = spelled[word] ?: word

    /** Ids of tokens; those that are not in the vocabulary become the unknown one. */
    fun encode(tokens: List<String>): IntArray = IntArray(tokens.size) { ids[tokens[it]] ?: unknown }

    /** Ids of the words that may be suggested and begin with [prefix], apostrophes not counted. */
    fun beginningWith(prefix: String): IntArray {
        val key = withoutApostrophes(prefix)
        val from = insertionPoint(key)
        var to = from
        while (to < keys.size && keys[to].startsWith(key)) to++
        return suggested.copyOfRange(from, to)
    }

    /** Whether [word], in lower case, is a word of the vocabulary, suggested or not. */
    operator fun contains(word: String): Boolean = word in ids || word in hidden

    /** The id of [word], or null where it is no word of the vocabulary. */
    internal fun idOrNull(word: String): Int? = ids[word]

    /** Whether [word] of a person may be suggested. */
    internal fun mayBeShown(word: String): Boolean = word !in hidden && (word !in ids || isShown(word))

    /**
     * Ids of the words that may be suggested and are at most [edits] typing errors from [letters], with what the errors
     * cost; apostrophes not counted.
     */
    internal fun near(letters: String, edits: Int): Map<Int, Double> {
        val found = HashMap<Int, Double>()
        for ((place, key) in keys.withIndex()) {
            if (abs(key.length - letters.length) > edits) continue
            TypingErrors.cost(letters, key, edits)?.let { found[suggested[place]] = it }
        }
        return found
    }

    /** Ids of the punctuation marks that may be suggested. */
    fun punctuation(): IntArray = marks.copyOf()

    private fun insertionPoint(key: String): Int {
        var low = 0
        var high = keys.size
        while (low < high) {
            val middle = (low + high) ushr 1
            if (keys[middle] < key) low = middle + 1 else high = middle
        }
        return low
    }

    private fun special(word: String): Int =
        requireNotNull(ids[word]) { "Expected a vocabulary with $word, received ${words.size} words without it." }

    companion object {
        /** The marks that may be suggested. */
        val PUNCTUATION = setOf(".", ",", "?", "!")

        /** Whether a token is a word, letters with apostrophes inside. */
        private fun isShown(token: String): Boolean =
            Tokenizer.tokens(token) == listOf(token) && Characters.isLetter(token.codePointAt(0))

        internal fun withoutApostrophes(word: String): String = word.filter { it != Characters.APOSTROPHE }
    }
}
