package org.lrkeras.core.runtime

import org.lrkeras.core.model.ModelFileException
import java.nio.ByteBuffer

/**
 * One sequence through a [StreamModel] of one input and one output.
 *
 * What is pushed may be of any number of whole steps; as much of it as fits is taken in chunks, which are faster than steps.
 * For one thread at a time. Files of several inputs or outputs have [StepRunner].
 */
class Stream internal constructor(private val model: StreamModel, private val runners: Map<Int, StepRunner>) {
    private val any = runners.values.first()
    private val input = any.inputs.singleOrNull() ?: throw ModelFileException("Expected one input, received ${any.inputs.map { it.name }}: use StepRunner.")
    private val output = any.outputs.singleOrNull() ?: throw ModelFileException("Expected one output, received ${any.outputs.map { it.name }}: use StepRunner.")
    // On their way from one signature to another, in the order that each of them has.
    private val kept = any.states.associate { it.name to it.newBuffer() }
    private val keptInOrder = runners.values.associateWith { runner -> runner.states.map { kept.getValue(it.name) } }
    private val fewestSteps = runners.keys.min()
    private var last = any

    /** Numbers that one step takes. */
    val inputsPerStep: Int = input.elements / runners.keys.first()

    /** Numbers that one step gives. */
    val outputsPerStep: Int = output.elements / runners.keys.first()

    /** Takes whole steps of an input of floats, finite ones; returns what they give, one step after the other. */
    fun push(values: FloatArray): FloatArray {
        checkType(TensorType.FLOAT32)
        requireFinite(values)
        return push(values.size) { buffer, from, count -> for (i in 0 until count) buffer.putFloat(Float.SIZE_BYTES * i, values[from + i]) }
    }

    /** Takes whole steps of an input of whole numbers, such as tokens; returns what they give, one step after the other. */
    fun push(values: IntArray): FloatArray {
        checkType(TensorType.INT32)
        return push(values.size) { buffer, from, count -> for (i in 0 until count) buffer.putInt(Int.SIZE_BYTES * i, values[from + i]) }
    }

    /** Forgets everything: the next step is the first of a sequence. */
    fun reset() = model.inTurn { runners.values.forEach { it.reset() } }

    private fun push(size: Int, put: (ByteBuffer, Int, Int) -> Unit): FloatArray {
        require(size % inputsPerStep == 0) { "Expected whole steps of $inputsPerStep numbers, received $size numbers." }
        require(output.type == TensorType.FLOAT32) { "Expected an output of floats, received ${output.type}: use StepRunner." }
        val steps = size / inputsPerStep
        require(steps % fewestSteps == 0) { "Expected a multiple of $fewestSteps steps, received $steps: the file has no single step." }
        val found = FloatArray(steps * outputsPerStep)
        var done = 0
        while (done < steps) {
            val count = runners.keys.first { it <= steps - done }
            model.inTurn { call(runners.getValue(count), count, done, put, found) }
            done += count
        }
        return found
    }

    private fun call(runner: StepRunner, count: Int, done: Int, put: (ByteBuffer, Int, Int) -> Unit, found: FloatArray) {
        if (runner !== last) {
            // Each signature has buffers of its own.
            last.copyStates(keptInOrder.getValue(last))
            runner.restoreStates(keptInOrder.getValue(runner))
            last = runner
        }
        put(runner.buffer(input.name), done * inputsPerStep, count * inputsPerStep)
        runner.run()
        val from = runner.buffer(output.name)
        for (i in 0 until count * outputsPerStep) found[done * outputsPerStep + i] = from.getFloat(Float.SIZE_BYTES * i)
    }

    private fun checkType(type: TensorType) = require(input.type == type) { "Expected ${input.type} for ${input.name}, received $type." }
}
