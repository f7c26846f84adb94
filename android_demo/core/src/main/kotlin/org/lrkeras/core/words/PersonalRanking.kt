package org.lrkeras.core.words

import kotlin.math.exp
import kotlin.math.ln

/**
 * Words of a person among those of a model: the probabilities of both are mixed, so that one order holds for all.
 *
 * @param personal The person's words.
 * @param vocabulary The model's.
 */
internal class PersonalRanking(private val personal: PersonalWords, private val vocabulary: WordVocabulary) {
    /**
     * The likeliest [count] words, the last one [mark] where no word that fits there is as likely.
     *
     * @param best Ids of as many words, the likeliest of the model.
     * @param mark The id of the likeliest mark, where one may follow.
     * @param logits The model's, of every token.
     * @param previous The token before the word.
     * @param prefix What the word begins with, in lower case and without apostrophes.
     */
    fun ranked(best: List<Int>, mark: Int?, logits: FloatArray, previous: String, prefix: String, count: Int): List<String> {
        val weight = personal.weight()
        val logSum = logSum(logits)
        fun likely(id: Int) = (1 - weight) * exp(logits[id] - logSum)
        val scores = best.associateTo(LinkedHashMap()) { vocabulary.word(it) to likely(it) }
        for ((word, probability) in personal.probabilities(previous)) {
            if (!WordVocabulary.withoutApostrophes(word).startsWith(prefix) || !vocabulary.mayBeShown(word)) continue
            val model = scores[word] ?: vocabulary.idOrNull(word)?.let { likely(it) } ?: 0.0
            scores[word] = model + weight * probability
        }
        val words = scores.entries.sortedByDescending { it.value }.take(count).map { it.key }
        return withMark(words, mark?.let { vocabulary.word(it) }, count) { scores[it] ?: likely(checkNotNull(mark)) }
    }

    private fun logSum(logits: FloatArray): Double {
        var largest = Float.NEGATIVE_INFINITY
        for (logit in logits) largest = maxOf(largest, logit)
        return largest + ln(logits.sumOf { exp(it.toDouble() - largest) })
    }
}
