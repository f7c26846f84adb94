package org.lrkeras.lite

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.tensorflowlite.SignatureRunner
import org.bytedeco.tensorflowlite.TfLiteTensor
import org.bytedeco.tensorflowlite.global.tensorflowlite
import org.lrkeras.core.model.ModelFileException
import org.lrkeras.core.runtime.InferenceSession
import org.lrkeras.core.runtime.TensorSpec
import org.lrkeras.core.runtime.TensorType
import java.nio.ByteBuffer

/** A model in an interpreter of TensorFlow Lite; tensors are found by the names of the signature. */
internal class LiteSession(private val native: NativeInterpreter) : InferenceSession {
    /** A tensor with its memory, which stays where it is once tensors are allocated. */
    private class Bound(val spec: TensorSpec, val memory: ByteBuffer)

    /** A signature with its tensors by name. */
    private class Signature(val runner: SignatureRunner, val inputs: Map<String, Bound>, val outputs: Map<String, Bound>)

    private val interpreter = native.interpreter ?: throw ModelFileException("its bytes are no model, or it has operators of later versions")
    private val bound = HashMap<String, Signature>()
    private var isOpen = true

    override val signatures: List<String> = interpreter.signature_keys().let { keys -> (0 until keys.size()).map { keys.get(it).string } }

    init {
        // Refused now rather than at the first step.
        signatures.forEach { signature(it) }
    }

    override fun inputs(signature: String): List<TensorSpec> = signature(signature).inputs.values.map { it.spec }

    override fun outputs(signature: String): List<TensorSpec> = signature(signature).outputs.values.map { it.spec }

    override fun run(signature: String, inputs: Map<String, ByteBuffer>, outputs: Map<String, ByteBuffer>) {
        check(isOpen) { "Expected an open session, received one that was closed." }
        val found = signature(signature)
        for ((name, buffer) in inputs) {
            val memory = found.inputs.getValue(name).memory
            memory.clear()
            memory.put(buffer)
        }
        check(found.runner.Invoke() == OK) { "A step of \"$signature\" failed; the log has the reason." }
        for ((name, buffer) in outputs) {
            val memory = found.outputs.getValue(name).memory
            memory.clear()
            buffer.put(memory)
        }
    }

    override fun close() {
        if (!isOpen) return
        isOpen = false
        bound.clear()
        native.close()
    }

    private fun signature(name: String): Signature = bound.getOrPut(name) {
        val runner = interpreter.GetSignatureRunner(name)
        if (runner == null || runner.AllocateTensors() != OK) throw ModelFileException("tensors of \"$name\" cannot be allocated")
        val inputs = runner.input_names().let { names -> (0 until runner.input_size()).map { names.getString(it) } }
        val outputs = runner.output_names().let { names -> (0 until runner.output_size()).map { names.getString(it) } }
        Signature(runner, inputs.associateWith { bind(it, runner.input_tensor(it)) }, outputs.associateWith { bind(it, runner.output_tensor(it)) })
    }

    private fun bind(name: String, tensor: TfLiteTensor): Bound {
        val type = when (val kind = tensorflowlite.TfLiteTensorType(tensor)) {
            tensorflowlite.kTfLiteFloat32 -> TensorType.FLOAT32
            tensorflowlite.kTfLiteInt32 -> TensorType.INT32
            tensorflowlite.kTfLiteInt8 -> TensorType.INT8
            else -> throw ModelFileException("float32, int32 or int8 for the tensor $name, not the type $kind")
        }
        val shape = List(tensorflowlite.TfLiteTensorNumDims(tensor)) { tensorflowlite.TfLiteTensorDim(tensor, it) }
        val bytes = BytePointer(tensorflowlite.TfLiteTensorData(tensor)).capacity(tensorflowlite.TfLiteTensorByteSize(tensor))
        return Bound(TensorSpec(name, type, shape), bytes.asByteBuffer())
    }

    private companion object {
        const val OK = 0
    }
}
