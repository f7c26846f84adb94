package org.lrkeras.core.speech

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.StepRunner

/**
 * Runs the front end of speech models alone, to know its share of their time.
 *
 * A speech model is one graph, from samples to outputs, and the runtime tells no times of its parts. So a file that has
 * the front end alone is run beside it, on the same samples; what a step of the model takes longer is the network's.
 */
class FrontEndTimer(private val runner: StepRunner, samplesPerStep: Int) : AutoCloseable {
    private val input = SampleInput(runner, samplesPerStep)
    private var steps = 0
    private var nanos = 0L

    /** Mean time of a step in nanoseconds since the last [reset]; null before the first one. */
    val mean: Double? get() = if (steps == 0) null else nanos.toDouble() / steps

    /** Takes the samples that a model has heard. */
    fun step(hop: ShortArray) {
        input.put(hop)
        val begin = System.nanoTime()
        runner.run()
        nanos += System.nanoTime() - begin
        steps++
    }

    /** Starts a new recording. */
    fun reset() {
        runner.reset()
        steps = 0
        nanos = 0
    }

    override fun close() = runner.close()

    companion object {
        /** The front end of a file. */
        fun of(runner: StepRunner, card: ModelCard) = FrontEndTimer(runner, card.details.int("samples_per_step"))

        /** Whether the file of [frontEnd] has the front end of [model]. */
        fun fits(frontEnd: ModelCard, model: ModelCard) =
            listOf("sample_rate", "samples_per_step").all { frontEnd.details[it] == model.details[it] }
    }
}
