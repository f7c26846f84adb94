package org.lrkeras.core.words

/**
 * Suggests the next words of a text, or endings of the word that is being typed.
 *
 * The same rules as `lrkeras.tasks.keyboard`, which the golden files of the tests hold both sides to.
 *
 * @param count How many suggestions at most, one at least.
 * @param personal Words of the person; those that were seen twice are suggested as well.
 */
class WordSuggester(
    private val scorer: TokenScorer,
    private val vocabulary: WordVocabulary,
    private val count: Int = 3,
    private val personal: PersonalWords? = null,
) {
    init {
        require(count >= 1) { "Expected a count of at least 1, of words to suggest; received $count." }
    }

    private val ranking = personal?.let { PersonalRanking(it, vocabulary) }

    /**
     * Suggestions for [text], which ends at the cursor; the likeliest first.
     *
     * All are words of the vocabulary or of the person, the last one a mark where no word that fits there is as likely; fewer where no more of
     * them begin with what has been typed, and none inside a web or e-mail address.
     */
    fun suggest(text: String): List<Suggestion> {
        val typed = TypedText.of(text)
        if (typed.isInAddress) return emptyList()
        val logits = scorer.logits(vocabulary.encode(typed.context))
        val case = SuggestionCase(typed.prefix, typed.startsSentence)
        val prefix = WordVocabulary.withoutApostrophes(Tokenizer.normalized(typed.prefix))
        val best = best(vocabulary.beginningWith(prefix), logits, count)
        val mark = if (prefix.isEmpty() && takesMark(typed)) best(vocabulary.punctuation(), logits, 1).firstOrNull() else null
        val words = ranking?.ranked(best, mark, logits, typed.context.last(), prefix, count)
            ?: withMark(best, mark, count) { logits[it].toDouble() }.map { vocabulary.word(it) }
        return words.map { word ->
            if (word in WordVocabulary.PUNCTUATION) mark(word, text) else Suggestion(case.applied(spelled(word)), typed.replaces)
        }
    }

    private fun spelled(word: String) = if (word in vocabulary || personal == null) vocabulary.spelling(word) else personal.spelling(word)

    private fun takesMark(typed: TypedText) = !typed.startsSentence && typed.context.last() !in WordVocabulary.PUNCTUATION

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
}

/** [words], the likeliest first, with [mark] in the last of [count] places where that is free or the mark likelier. */
internal fun <T : Any> withMark(words: List<T>, mark: T?, count: Int, score: (T) -> Double): List<T> = when {
    mark == null || (words.size == count && score(mark) <= score(words.last())) -> words
    else -> words.take(count - 1) + mark
}
