package org.lrkeras.core.benchmark

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.model.ModelTask
import org.lrkeras.core.runtime.StepRunner
import java.nio.ByteBuffer
import java.util.Random

/** Steps of a model on made-up input: words from all over the vocabulary, or noise as loud as speech. */
internal class StepWorkload(private val runner: StepRunner, card: ModelCard) : Workload {
    override val measure = Measure.STEP
    private val input = runner.buffer(runner.inputs.single().name)
    private val fillings: List<ByteBuffer>
    private var next = 0

    init {
        val random = Random(SEED)
        fillings = List(FILLINGS) { runner.inputs.single().newBuffer() }
        for (filling in fillings) {
            when (card.task) {
                ModelTask.WORDS -> filling.putInt(0, random.nextInt(card.details.texts("vocabulary").size))
                ModelTask.SPEECH, ModelTask.FRONT_END -> for (place in 0 until filling.capacity() step Float.SIZE_BYTES) {
                    filling.putFloat(place, (random.nextGaussian() * LOUDNESS).toFloat())
                }
            }
        }
        runner.reset()
    }

    override fun prepare() {
        val filling = fillings[next]
        next = (next + 1) % fillings.size
        filling.rewind()
        input.rewind()
        input.put(filling)
    }

    override fun run() = runner.run()

    override fun close() = runner.close()

    private companion object {
        const val SEED = 1L
        const val FILLINGS = 64
        const val LOUDNESS = 0.05
    }
}
