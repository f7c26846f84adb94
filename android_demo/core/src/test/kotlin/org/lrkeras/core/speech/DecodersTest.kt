package org.lrkeras.core.speech

import org.junit.Assert.assertEquals
import org.junit.Test
import org.lrkeras.core.json.JsonObject
import java.util.Random
import kotlin.math.exp

class DecodersTest {
    /** Probability of each labelling, summed over every path there is. */
    private fun enumerated(logits: List<FloatArray>, blank: Int): Map<List<Int>, Double> {
        val outputs = logits[0].size
        val softmax = logits.map { row -> row.map { exp(it.toDouble()) }.let { all -> all.map { it / all.sum() } } }
        val found = HashMap<List<Int>, Double>()
        var paths = 1
        repeat(logits.size) { paths *= outputs }
        for (number in 0 until paths) {
            var rest = number
            val path = logits.map { (rest % outputs).also { rest /= outputs } }
            val labels = path.filterIndexed { t, label -> label != blank && (t == 0 || path[t - 1] != label) }
            found.merge(labels, path.foldIndexed(1.0) { t, product, label -> product * softmax[t][label] }, Double::plus)
        }
        return found
    }

    @Test
    fun beamFindsTheLikeliestLabels() {
        val random = Random(3)
        repeat(40) { round ->
            val outputs = 2 + round % 2
            val blank = round % (outputs + 1)
            val logits = List(1 + round % 6) { FloatArray(outputs + 1) { 2 * random.nextGaussian().toFloat() } }
            // Wide enough to keep every prefix: then it is exact.
            val decoder = PrefixBeamDecoder(blank, width = 100_000)
            logits.forEach { decoder.accept(it) }
            assertEquals(enumerated(logits, blank).maxByOrNull { it.value }!!.key, decoder.outputs())
        }
    }

    @Test
    fun aFileSaysWhatItsScoresAre() {
        val random = Random(5)
        val logits = List(6) { FloatArray(3) { 2 * random.nextGaussian().toFloat() } }
        val best = enumerated(logits, blank = 2).maxByOrNull { it.value }!!.key
        for (probabilities in listOf(true, false)) {
            val details = JsonObject.parse("""{"ctc": {"output": 0, "blank": 2, "probabilities": $probabilities}}""")
            val decoder = CtcDecoder.of(details, width = 1000)
            for (row in logits) {
                val sum = row.sumOf { exp(it.toDouble()) }
                decoder.accept(if (probabilities) FloatArray(3) { (exp(row[it].toDouble()) / sum).toFloat() } else row)
            }
            assertEquals(best, decoder.outputs())
        }
        val greedy = CtcDecoder.of(JsonObject.parse("""{"ctc": {"blank": 0, "probabilities": true}}"""))
        for (best0 in listOf(1, 1, 0, 1)) greedy.accept(FloatArray(2) { if (it == best0) 1f else 0f })
        assertEquals(listOf(1, 1), greedy.outputs())
    }

    @Test
    fun beamAddsUpPathsThatGreedyDoesNot() {
        // Blank is likeliest at each step (0.6), but "a" may come at any of three: 1 - 0.6^3 - ... beats nothing (0.216).
        val step = floatArrayOf(kotlin.math.ln(0.6f), kotlin.math.ln(0.4f))
        val greedy = GreedyDecoder(blank = 0)
        val beam = PrefixBeamDecoder(blank = 0)
        repeat(3) {
            greedy.accept(step)
            beam.accept(step)
        }
        assertEquals(emptyList<Int>(), greedy.outputs())
        assertEquals(listOf(1), beam.outputs())
        beam.reset()
        assertEquals(emptyList<Int>(), beam.outputs())
    }

    @Test
    fun greedyMergesRepetitionsAndDropsBlanks() {
        val decoder = GreedyDecoder(blank = 2)
        for (best in listOf(2, 0, 0, 2, 0, 1, 1, 2, 2, 1)) decoder.accept(FloatArray(3) { if (it == best) 1f else 0f })
        assertEquals(listOf(0, 0, 1, 1), decoder.outputs())
        decoder.reset()
        assertEquals(emptyList<Int>(), decoder.outputs())
    }

    @Test
    fun labelsStandAroundTheBlank() {
        val labels = SpeechLabels(listOf("yes", "no", "<unknown>"), blank = 1)
        assertEquals(4, labels.outputs)
        assertEquals(listOf("yes", "no", "yes"), labels.words(listOf(0, 2, 3, 0)))
    }

    @Test
    fun aWordIsFinalAfterAPause() {
        val endPointer = EndPointer(pause = 3)
        val steps = listOf(true, true, true, true, false, true, true, false, true, true, true, true, true, false)
        assertEquals(listOf(10), steps.indices.filter { endPointer.accept(steps[it]) })
    }
}
