package org.lrkeras.core.words

/**
 * Corrects typing errors, by the rules of `lrkeras.tasks.keyboard.corrector`.
 *
 * A word is left alone that is in the vocabulary or among the person's own words, has capitals behind its first letter (or
 * a first one inside of a sentence, unless it is near a word that is written so), digits, letters with marks of their own or another character before it, or is part of an address. What takes its place
 * is a word of the vocabulary that may be suggested: of those that few edits lead to the likeliest here, where it is clearly
 * likelier than an unknown word and than the next one.
 *
 * @param scorer The model.
 * @param vocabulary Its words.
 * @param personal Words of the person, which are right.
 */
class WordCorrector(
    private val scorer: TokenScorer,
    private val vocabulary: WordVocabulary,
    private val personal: PersonalWords? = null,
) {
    /**
     * The correction of the last word of [text], which ends at the cursor right behind that word (before the blank);
     * null where it is left alone.
     */
    fun correct(text: String): Correction? {
        val typed = TypedText.of(text)
        if (typed.isInAddress || !typed.standsAlone) return null
        val word = Tokenizer.normalized(typed.prefix)
        if (isRight(word) || hasLaterCapitals(typed.prefix, word)) return null
        val letters = WordVocabulary.withoutApostrophes(word)
        // A capital inside of a sentence: a name, or what is written so.
        val isName = Character.isUpperCase(typed.prefix.codePointAt(0)) && !typed.startsSentence
        val costs = vocabulary.near(letters, TypingErrors.most(letters.length)).filterKeys { !isName || isCapitalized(it) }
        if (costs.isEmpty()) return null
        val logits = scorer.logits(vocabulary.encode(typed.context))
        val scores = costs.map { (id, cost) -> id to cost - logits[id].toDouble() }.sortedWith(compareBy({ it.second }, { it.first }))
        val (best, score) = scores[0]
        val ahead = if (scores.size > 1) scores[1].second - score else FARTHEST_AHEAD
        val evidence = MODEL * (logits[best].toDouble() - logits[vocabulary.unknown].toDouble()) - COST * costs.getValue(best) +
            PER_LETTER * letters.length + AHEAD * minOf(ahead, FARTHEST_AHEAD) + BIAS
        if (evidence < 0) return null
        val case = SuggestionCase(typed.prefix.take(1), startsSentence = false)
        return Correction(text.takeLast(typed.replaces), case.applied(vocabulary.spelling(vocabulary.word(best))))
    }

    private fun hasLaterCapitals(prefix: String, word: String) =
        prefix.replace(Characters.TYPOGRAPHIC_APOSTROPHE, Characters.APOSTROPHE).drop(1) != word.drop(1)

    private fun isCapitalized(id: Int) = Character.isUpperCase(vocabulary.spelling(vocabulary.word(id)).codePointAt(0))

    private fun isRight(word: String): Boolean =
        word in vocabulary || word.endsWith(Characters.APOSTROPHE) || word.endsWith(POSSESSIVE) && word.dropLast(2) in vocabulary ||
            personal?.contains(word) == true

    private companion object {
        const val POSSESSIVE = "'s"

        // See lrkeras/tasks/keyboard/corrector.py: a logistic regression on validation texts.
        const val MODEL = 0.35
        const val COST = 0.7
        const val PER_LETTER = 0.2
        const val AHEAD = 0.8
        const val FARTHEST_AHEAD = 3.0
        const val BIAS = 0.4
    }
}
