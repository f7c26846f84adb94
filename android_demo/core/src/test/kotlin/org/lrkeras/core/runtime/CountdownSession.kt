package org.lrkeras.core.runtime

import java.nio.ByteBuffer
import kotlin.math.ln

/**
 * An encoder and a decoder that tests can work out by hand. The source is three ids, padded with 0; `encode` gives how many there
 * are as the state `left`, and the first of them as `memory`. `decode` gives 0.7 to the token `memory`, 0.2 to 2 and 0.1 to the
 * end, 3, while any are left, and 0.9 to the end and 0.1 to 1 after that.
 */
class CountdownSession : InferenceSession {
    private val source = TensorSpec("source", TensorType.INT32, listOf(1, 3))
    private val token = TensorSpec("token", TensorType.INT32, listOf(1, 1))
    private val left = TensorSpec("left", TensorType.FLOAT32, listOf(1, 1))
    private val memory = TensorSpec("memory", TensorType.INT32, listOf(1, 1))
    private val scores = TensorSpec("scores", TensorType.FLOAT32, listOf(1, 1, 4))
    val fed = ArrayList<Int>()

    override val signatures = listOf("decode", "encode")

    override fun inputs(signature: String) = if (signature == "encode") listOf(source) else listOf(token, left, memory)

    override fun outputs(signature: String) = if (signature == "encode") listOf(memory, left) else listOf(left, scores)

    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
        check((inputs.values + outputs.values).all { it.position() == 0 && it.isDirect })
        if (signature == "encode") {
            val ids = List(3) { inputs.getValue("source").getInt(4 * it) }
            outputs.getValue("left").putFloat(0, ids.count { it != 0 }.toFloat())
            outputs.getValue("memory").putInt(0, ids[0])
            return
        }
        fed += inputs.getValue("token").getInt(0)
        val before = inputs.getValue("left").getFloat(0)
        outputs.getValue("left").putFloat(0, before - 1)
        val likely = FloatArray(4) { 1e-9f }
        if (before > 0) {
            likely[inputs.getValue("memory").getInt(0)] = 0.7f
            likely[2] = 0.2f
            likely[3] = 0.1f
        } else {
            likely[3] = 0.9f
            likely[1] = 0.1f
        }
        for (place in 0 until 4) outputs.getValue("scores").putFloat(4 * place, 5 + ln(likely[place]))
    }

    override fun close() = Unit
}
