package org.lrkeras.core.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException

/**
 * What the outputs of a speech model stand for: labels in order, with the blank of CTC at its place among them.
 *
 * @property blank Index of the blank among the outputs.
 */
class SpeechLabels(private val labels: List<String>, val blank: Int) {
    init {
        if (labels.isEmpty() || blank !in 0..labels.size) {
            throw ModelFileException("Expected labels and a blank from 0 to their number, received ${labels.size} and $blank.")
        }
    }

    /** How many outputs a step has. */
    val outputs: Int get() = labels.size + 1

    /** The label of an output that is not the blank. */
    fun name(output: Int): String = labels[if (output < blank) output else output - 1]

    /** The words among [outputs]; unknown ones are not shown. */
    fun words(outputs: List<Int>): List<String> = outputs.map { name(it) }.filter { it != UNKNOWN }

    companion object {
        private const val UNKNOWN = "<unknown>"

        /** The labels of a file. */
        fun of(card: ModelCard) = SpeechLabels(card.details.texts("labels"), card.details.int("blank"))
    }
}
