package org.lrkeras.lite

import org.bytedeco.javacpp.BytePointer
import org.bytedeco.javacpp.Pointer
import org.bytedeco.tensorflowlite.BuiltinOpResolver
import org.bytedeco.tensorflowlite.BuiltinOpResolverWithoutDefaultDelegates
import org.bytedeco.tensorflowlite.FlatBufferModel
import org.bytedeco.tensorflowlite.Interpreter
import org.bytedeco.tensorflowlite.InterpreterBuilder
import org.lrkeras.core.runtime.SessionOptions
import java.nio.ByteBuffer

/**
 * An interpreter in native memory, with everything that must live as long as it does.
 *
 * @param data The model, from the beginning of the buffer to its end.
 */
internal class NativeInterpreter(data: ByteBuffer, options: SessionOptions) : AutoCloseable {
    // Holds the buffer, which the interpreter reads weights from.
    private val bytes = BytePointer(data)

    // A damaged file is refused here rather than read.
    private val model: FlatBufferModel? = FlatBufferModel.VerifyAndBuildFromBuffer(bytes, data.limit().toLong())

    // The built-in operators bring XNNPACK along, unless they are asked not to.
    private val operators = if (options.xnnpack) BuiltinOpResolver() else BuiltinOpResolverWithoutDefaultDelegates()

    /** The interpreter; null if there is no such model, or the runtime lacks an operator of it. */
    val interpreter: Interpreter? = model?.let { build(it, options.threads) }

    override fun close() {
        interpreter?.close()
        operators.close()
        model?.close()
        bytes.close()
    }

    private fun build(model: FlatBufferModel, threads: Int): Interpreter? = InterpreterBuilder(model, operators).use { builder ->
        builder.SetNumThreads(threads)
        val made = Interpreter(null as Pointer?)
        made.takeIf { builder.apply(it) == OK && !it.isNull }
    }

    private companion object {
        const val OK = 0
    }
}
