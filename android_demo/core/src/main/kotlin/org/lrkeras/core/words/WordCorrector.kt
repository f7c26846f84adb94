package org.lrkeras.core.words

/**
 * Corrects typing errors, by the rules of `lrkeras.tasks.keyboard.corrector`.
 *
 * A word is left alone that is in the vocabulary or among the person's own words, has capitals behind its first letter,
 * digits, letters with marks of their own or another character before it, or is part of an address. What takes its place
 * is a word of the vocabulary that may be suggested: of those that few edits lead to, the likeliest here.
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
        if (isRight(word) || typed.prefix.drop(1) != word.drop(1)) return null
        // A name, most likely.
        if (typed.prefix.take(1) != word.take(1) && !typed.startsSentence) return null
        val letters = WordVocabulary.withoutApostrophes(word)
        val costs = vocabulary.near(letters, TypingErrors.most(letters.length))
        if (costs.isEmpty()) return null
        val logits = scorer.logits(vocabulary.encode(typed.context))
        val unknown = logits[vocabulary.unknown]
        val scores = costs.mapValues { (id, cost) -> logits[id].toDouble() - unknown - cost }
        val (id, score) = scores.entries.minWith(compareBy({ -it.value }, { it.key }))
        if (score + PER_LETTER * letters.length < LEAST) return null
        val case = SuggestionCase(typed.prefix.take(1), startsSentence = false)
        return Correction(text.takeLast(typed.replaces), case.applied(vocabulary.word(id)))
    }

    private fun isRight(word: String): Boolean =
        word in vocabulary || word.endsWith(Characters.APOSTROPHE) || word.endsWith(POSSESSIVE) && word.dropLast(2) in vocabulary ||
            personal?.contains(word) == true

    private companion object {
        const val POSSESSIVE = "'s"
        const val PER_LETTER = 1.0
        const val LEAST = -4.0
    }
}
