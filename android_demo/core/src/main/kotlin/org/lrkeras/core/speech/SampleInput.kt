package org.lrkeras.core.speech

import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.StepRunner
import org.lrkeras.core.runtime.TensorType

/**
 * The input of a model for samples.
 *
 * @property size Samples of a step.
 */
internal class SampleInput(runner: StepRunner, val size: Int) {
    private val input = runner.inputs.singleOrNull { it.type == TensorType.FLOAT32 && it.elements == size }
        ?: throw ModelFileException("Expected one input of $size samples, received ${runner.inputs}.")
    private val samples = runner.buffer(input.name).asFloatBuffer()

    /** Puts [size] samples in place, 16-bit numbers as numbers from -1 to 1. */
    fun put(hop: ShortArray) {
        require(hop.size == size) { "Expected $size samples, received ${hop.size}." }
        for (place in hop.indices) samples.put(place, hop[place] / FULL_SCALE)
    }

    private companion object {
        const val FULL_SCALE = 32768f
    }
}
