package org.lrkeras.core.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.StepRunner

/**
 * Recognises words in a stream of samples, one hop at a time.
 *
 * @property samplesPerStep Samples of a hop.
 * @property sampleRate Samples in a second.
 * @param decoder Turns outputs into labels; [PrefixBeamDecoder] is for models that the CTC loss has calibrated.
 * @param blankBias What is added to the score of the blank. More of it hears fewer words that nobody said, and misses more
 *   that somebody did.
 * @throws IllegalArgumentException [blankBias] is not finite.
 */
class SpeechRecognizer(
    private val runner: StepRunner,
    private val labels: SpeechLabels,
    val samplesPerStep: Int,
    val sampleRate: Int,
    private val decoder: CtcDecoder = GreedyDecoder(labels.blank),
    private val blankBias: Float = 0f,
) : AutoCloseable {
    init {
        require(blankBias.isFinite()) { "Expected a finite blankBias, received $blankBias." }
    }

    private val input = SampleInput(runner, samplesPerStep)
    private val output = runner.outputs.singleOrNull { it.elements == labels.outputs }
        ?: throw ModelFileException("Expected one output of ${labels.outputs} numbers, received ${runner.outputs}.")
    private val view = runner.buffer(output.name).asFloatBuffer()
    private val logits = FloatArray(output.elements)
    private val likeliest = GreedyDecoder(labels.blank)
    private val endPointer = EndPointer()
    private val finished = ArrayList<String>()
    private var shown = ""

    /** Time spent since the last [reset]. */
    var timing = SpeechTiming()
        private set

    /** Takes the next [samplesPerStep] samples as 16-bit numbers. */
    fun accept(hop: ShortArray): Recognition {
        val begin = System.nanoTime()
        input.put(hop)
        val converted = System.nanoTime()
        runner.run()
        val computed = System.nanoTime()
        view.rewind()
        view.get(logits)
        logits[labels.blank] += blankBias
        val result = decoded()
        val length = samplesPerStep * 1_000_000_000L / sampleRate
        timing = timing.plus(length, converted - begin, computed - converted, System.nanoTime() - computed)
        return result
    }

    /** Starts a new recording. */
    fun reset() {
        runner.reset()
        likeliest.reset()
        decoder.reset()
        endPointer.reset()
        finished.clear()
        shown = ""
        timing = SpeechTiming()
    }

    private fun decoded(): Recognition {
        likeliest.accept(logits)
        decoder.accept(logits)
        if (endPointer.accept(likeliest.current == labels.blank)) {
            finished += labels.words(decoder.outputs())
            decoder.reset()
        }
        val text = (finished + labels.words(decoder.outputs())).joinToString(" ")
        return Recognition(text, text != shown).also { shown = text }
    }

    override fun close() = runner.close()

    companion object {
        /** The recogniser of a file, with a bias of the blank. */
        fun of(runner: StepRunner, card: ModelCard, blankBias: Float = 0f): SpeechRecognizer {
            val (details, labels) = card.details to SpeechLabels.of(card)
            val (hop, rate) = details.int("samples_per_step") to details.int("sample_rate")
            return SpeechRecognizer(runner, labels, hop, rate, blankBias = blankBias)
        }
    }
}
