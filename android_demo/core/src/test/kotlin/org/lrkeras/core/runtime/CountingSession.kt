package org.lrkeras.core.runtime

import java.nio.ByteBuffer

/**
 * A recurrence that tests can work out by hand: `sum' = 2 sum + x`, `count' = count + 1`, and for output j
 * `y[j] = sum' * (j + 1)`.
 */
class CountingSession(private val width: Int = 2, private val input: TensorSpec = TensorSpec("tokens", TensorType.INT32, listOf(1, 1))) : InferenceSession {
    private val sum = TensorSpec("sum", TensorType.FLOAT32, listOf(1, 1))
    private val count = TensorSpec("count", TensorType.INT32, listOf(1))
    var isClosed = false
    var runs = 0

    override val signatures = listOf("step")

    override fun inputs(signature: String) = listOf(input, sum, count)

    override fun outputs(signature: String) = listOf(count, TensorSpec("y", TensorType.FLOAT32, listOf(1, 1, width)), sum)

    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
        check(!isClosed)
        check((inputs.values + outputs.values).all { it.position() == 0 && it.isDirect })
        check(inputs.getValue("sum") !== outputs.getValue("sum"))
        runs++
        val x = if (input.type == TensorType.INT32) inputs.getValue(input.name).getInt(0).toFloat() else inputs.getValue(input.name).getFloat(0)
        val next = 2 * inputs.getValue("sum").getFloat(0) + x
        outputs.getValue("sum").putFloat(0, next)
        outputs.getValue("count").putInt(0, inputs.getValue("count").getInt(0) + 1)
        for (j in 0 until width) outputs.getValue("y").putFloat(4 * j, next * (j + 1))
    }

    override fun close() {
        isClosed = true
    }
}
