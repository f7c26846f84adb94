package org.lrkeras.lite

import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.TensorSpec
import org.lrkeras.core.runtime.TensorType
import org.tensorflow.lite.DataType
import org.tensorflow.lite.Interpreter
import org.tensorflow.lite.Tensor
import java.nio.ByteBuffer

/** A model in an interpreter of TensorFlow Lite; tensors are found by the names of the signature. */
internal class LiteSession(private val interpreter: Interpreter) : InferenceSession {
    override val signatures: List<String> = interpreter.signatureKeys.toList()

    override fun inputs(signature: String): List<TensorSpec> =
        interpreter.getSignatureInputs(signature).map { spec(it, interpreter.getInputTensorFromSignature(it, signature)) }

    override fun outputs(signature: String): List<TensorSpec> =
        interpreter.getSignatureOutputs(signature).map { spec(it, interpreter.getOutputTensorFromSignature(it, signature)) }

    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) =
        interpreter.runSignature(inputs, outputs, signature)

    override fun close() = interpreter.close()

    private fun spec(name: String, tensor: Tensor): TensorSpec {
        val type = when (tensor.dataType()) {
            DataType.FLOAT32 -> TensorType.FLOAT32
            DataType.INT32 -> TensorType.INT32
            DataType.INT8 -> TensorType.INT8
            else -> throw ModelFileException("Expected float32, int32 or int8 for the tensor $name, received ${tensor.dataType()}.")
        }
        return TensorSpec(name, type, tensor.shape().toList())
    }
}
