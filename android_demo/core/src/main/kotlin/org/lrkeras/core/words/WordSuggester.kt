package org.lrkeras.core.words

/**
 * Suggests the next words of a text, or endings of the word that is being typed.
 *
 * The same rules as `lrkeras.tasks.keyboard`, which the golden files of the tests hold both sides to.
 *
 * @param count How many suggestions at most.
 */
class WordSuggester(
    private val scorer: TokenScorer,
    private val vocabulary: WordVocabulary,
    private val count: Int = 3,
) {
    /** Suggestions for [text], which ends at the cursor; the likeliest first. */
    fun suggest(text: String): List<Suggestion> {
        val typed = TypedText.of(text)
        val logits = scorer.logits(vocabulary.encode(typed.context))
        val case = SuggestionCase(typed.prefix, typed.startsSentence)
        val prefix = WordVocabulary.withoutApostrophes(Tokenizer.normalized(typed.prefix))
        val candidates = if (prefix.isEmpty()) anyWord(typed) else vocabulary.beginningWith(prefix)
        val found = best(candidates, logits, count).mapTo(LinkedHashSet()) { vocabulary.word(it) }
        if (found.size < count) completeBySuffix(prefix, logits, found)
        return found.map { word ->
            if (word in WordVocabulary.PUNCTUATION) mark(word, text) else Suggestion(case.applied(word), typed.prefix.length)
        }
    }

    private fun anyWord(typed: TypedText): IntArray {
        val words = vocabulary.beginningWith("")
        val markFits = !typed.startsSentence && typed.context.last() !in WordVocabulary.PUNCTUATION
        return if (markFits) words + vocabulary.punctuation() else words
    }

    /** A word that the vocabulary lacks is completed like words that begin as it goes on: "rebook" like "book". */
    private fun completeBySuffix(prefix: String, logits: FloatArray, found: MutableSet<String>) {
        for (start in 1..prefix.length - SHORTEST_SUFFIX) {
            val suffix = prefix.substring(start)
            val longer = vocabulary.beginningWith(suffix).filter { id -> vocabulary.word(id).let { it.length > suffix.length && it.all(Char::isLetter) } }
            for (id in best(longer.toIntArray(), logits, longer.size)) {
                found.add(prefix.substring(0, start) + vocabulary.word(id))
                if (found.size == count) return
            }
        }
    }

    private fun mark(mark: String, text: String) = Suggestion(mark, if (text.endsWith(" ")) 1 else 0, isPunctuation = true)

    /** The [most] ids of the largest logits, ties by the lower id. */
    private fun best(ids: IntArray, logits: FloatArray, most: Int): List<Int> {
        val kept = ArrayList<Int>(most + 1)
        for (id in ids) {
            var place = kept.size
            while (place > 0 && precedes(id, kept[place - 1], logits)) place--
            if (place < most) kept.add(place, id)
            if (kept.size > most) kept.removeAt(most)
        }
        return kept
    }

    private fun precedes(a: Int, b: Int, logits: FloatArray): Boolean =
        logits[a] > logits[b] || (logits[a] == logits[b] && a < b)

    private companion object {
        const val SHORTEST_SUFFIX = 3
    }
}
