package org.lrkeras.core.words

import java.text.Normalizer

/**
 * Words of one person, learned on the device, by the rules of `lrkeras.tasks.keyboard.personal_words`.
 *
 * Counts words, and pairs of a word and the one before it. Of each there are at most [limit]; what was not used for the
 * longest time is forgotten. A word stays as it was written. Not for use from several threads at once.
 */
class PersonalWords(private val limit: Int = 2000) {
    private class Seen(val spelling: String, val count: Int)

    // By word in lower case, the one that was used last at the end.
    private val words = LinkedHashMap<String, Seen>()

    // By the token before it and the word, both in lower case.
    private val pairs = LinkedHashMap<Pair<String, String>, Int>()

    /** How many words are known. */
    val size: Int get() = words.size

    init {
        require(limit >= 1) { "Expected a limit of at least 1 word; received $limit." }
    }

    /** Takes in a finished message or sentence; no addresses, and nothing with digits or `_`. */
    fun learn(text: String) {
        for (line in composed(text).split(LINE_BREAK)) {
            var previous = Tokenizer.END
            for (run in runs(line)) {
                if (TypedText.isAddress(run)) {
                    previous = Tokenizer.UNKNOWN
                    continue
                }
                val isCode = isCode(run)
                for (token in Tokenizer.written(run)) {
                    val word = Tokenizer.normalized(token)
                    if (!isCode && isWord(token)) add(word, token, previous)
                    previous = word
                }
            }
        }
    }

    /** Whether [word], in any case, was learned. */
    fun contains(word: String): Boolean = Tokenizer.normalized(composed(word)) in words

    /** Learned words that begin with [prefix], in any case and apostrophes not counted; most used first, then the latest. */
    fun beginningWith(prefix: String): List<String> {
        val key = WordVocabulary.withoutApostrophes(Tokenizer.normalized(composed(prefix)))
        val found = words.entries.filter { WordVocabulary.withoutApostrophes(it.key).startsWith(key) }
        return found.reversed().sortedByDescending { it.value.count }.map { it.value.spelling }
    }

    /**
     * Probabilities of the words that were seen twice, in lower case, after the token [previous].
     *
     * Shares of what followed [previous], mixed with shares of all words as Witten and Bell (1991) do.
     */
    internal fun probabilities(previous: String): Map<String, Double> {
        val following = pairs.filter { it.key.first == previous }.entries.associate { it.key.second to it.value }
        val seen = following.values.sumOf { it.toLong() }.toDouble()
        val weight = if (seen > 0) seen / (seen + following.size) else 0.0
        val all = total()
        return words.filterValues { it.count >= LEAST }.mapValues { (word, entry) ->
            (1 - weight) * entry.count / all + if (seen > 0) weight * (following[word] ?: 0) / seen else 0.0
        }
    }

    /** How much these words count beside a model, from 0 to a half: the more, the more was learned. */
    internal fun weight(): Double = MOST_WEIGHT * total() / (total() + HALF_WAY)

    /** The word as it is written. */
    internal fun spelling(word: String): String = words.getValue(word).spelling

    private fun total(): Double = words.values.sumOf { it.count.toLong() }.toDouble()

    /** Forgets everything. */
    fun clear() {
        words.clear()
        pairs.clear()
    }

    /** Everything as text, an entry a line, the oldest first; [read] reads it. */
    fun export(): String = buildString {
        append("$TITLE: ${words.size} words, ${pairs.size} pairs\n")
        for (seen in words.values) append("word\t${seen.spelling}\t${seen.count}\n")
        for ((pair, count) in pairs) append("pair\t${pair.first}\t${pair.second}\t$count\n")
    }

    private fun add(word: String, spelling: String, previous: String) {
        val seen = words.remove(word)
        // At the start of a sentence a capital says nothing.
        val keeps = seen != null && previous in TypedText.SENTENCE_ENDS
        words[word] = Seen(if (keeps) seen!!.spelling else spelling, more(seen?.count ?: 0))
        pairs[previous to word] = more(pairs.remove(previous to word) ?: 0)
        forgetOldest()
    }

    private fun readLine(line: String) {
        val parts = line.split("\t")
        val isEntry = parts.size == (if (parts[0] == "word") 3 else 4) && COUNT.matches(parts.last())
        val word = parts.getOrElse(parts.size - 2) { "" }
        if (!isEntry || parts[0] !in KINDS || !isWord(word)) {
            damaged("lines of a word or pair and its count, between tabs", "'$line'")
        }
        val key = Tokenizer.normalized(word)
        val count = parts.last().toInt()
        if (parts[0] == "word") words[key] = Seen(word, count) else pairs[parts[1] to key] = count
    }

    private fun more(count: Int) = minOf(count + 1, MOST)

    private fun forgetOldest() {
        while (words.size > limit) words.remove(words.keys.first())
        while (pairs.size > limit) pairs.remove(pairs.keys.first())
    }

    companion object {
        /** Once may be an error. */
        private const val LEAST = 2
        private const val MOST_WEIGHT = 0.5
        private const val HALF_WAY = 100
        private const val TITLE = "lrkeras personal words, version 1"
        private val KINDS = setOf("word", "pair")
        private const val LONGEST = 40
        private const val MOST = 999_999_999
        private val LINE_BREAK = Regex("\r\n?|\n")
        private val HEAD = Regex("$TITLE: ([0-9]{1,9}) words, ([0-9]{1,9}) pairs")
        private val COUNT = Regex("[1-9][0-9]{0,8}")

        /**
         * What [export] wrote; of more than [limit] words or pairs the latest.
         *
         * @throws IllegalArgumentException it is something else, or damaged.
         */
        fun read(text: String, limit: Int = 2000): PersonalWords {
            val lines = text.removeSuffix("\n").split("\n")
            val head = HEAD.matchEntire(lines[0]) ?: damaged("a first line '$TITLE: W words, P pairs'", lines[0])
            val made = PersonalWords(limit)
            for (line in lines.drop(1)) made.readLine(line)
            val found = listOf(made.words.size, made.pairs.size)
            if (found != head.groupValues.drop(1).map { it.toInt() }) {
                damaged("as many entries as the first line says, each once", "${found[0]} words and ${found[1]} pairs below '${lines[0]}'")
            }
            made.forgetOldest()
            return made
        }

        private fun damaged(expected: String, received: String): Nothing = throw IllegalArgumentException(
            "Expected personal words as they were exported, with $expected; received ${received.take(80)}. Export them again.",
        )

        private fun composed(text: String): String =
            Normalizer.normalize(text, Normalizer.Form.NFC).replace(Characters.TYPOGRAPHIC_APOSTROPHE, Characters.APOSTROPHE)

        /** The parts of [line] between blanks. */
        private fun runs(line: String): List<String> =
            String(CharArray(line.length) { if (Characters.isBlank(line[it].code)) ' ' else line[it] }).split(' ').filter { it.isNotEmpty() }

        /** Whether a token is a word, of more than one letter; in lower case, too: that of a letter may be two. */
        private fun isWord(token: String): Boolean =
            token.isNotEmpty() && Characters.isLetter(token.codePointAt(0)) && token.codePointCount(0, token.length) in 2..LONGEST &&
                Tokenizer.written(token) == listOf(token) && Tokenizer.tokens(token).size == 1

        private fun isCode(run: String): Boolean = run.codePoints().anyMatch { it == '_'.code || Characters.isDigit(it) }
    }
}
