package org.lrkeras.core.runtime

import org.lrkeras.core.json.JsonObject
import org.lrkeras.core.model.ModelFileException
import java.nio.ByteBuffer

/**
 * Runs a file with an encoder and a decoder: a source is encoded once, then decoded one target token at a time.
 *
 * What `encode` gives under the name of an input of `decode` goes in there: a state in the first step only, anything else,
 * such as the encoder's outputs, in every step. A state that `encode` does not give starts from zeros.
 *
 * @property session The loaded model; [close] closes it.
 * @property scores What the decoder gives for each token.
 * @property padding What a source that is too short is filled up with; null if it must be whole.
 */
class Seq2SeqRunner(private val session: InferenceSession, private val scores: ScoreKind = ScoreKind.LOGITS, private val padding: Float? = null) : AutoCloseable {
    private val decoder = StepRunner(session, DECODE)

    /** The source, as the file takes it. */
    val source: TensorSpec

    private val target: TensorSpec
    private val output: TensorSpec
    private val encoded: Map<String, ByteBuffer>
    private val sourceBuffer: ByteBuffer
    private val firstStates: List<ByteBuffer>

    init {
        if (ENCODE !in session.signatures) {
            throw ModelFileException("Expected the signatures \"$ENCODE\" and \"$DECODE\", received ${session.signatures}.")
        }
        val given = session.outputs(ENCODE)
        source = only(session.inputs(ENCODE), "source")
        target = only(decoder.inputs.filter { input -> given.none { it.name == input.name } }, "target")
        output = decoder.outputs.firstOrNull() ?: throw ModelFileException("Expected an output of \"$DECODE\", received none.")
        encoded = given.associate { it.name to it.newBuffer() }
        sourceBuffer = source.newBuffer()
        firstStates = decoder.states.map { encoded[it.name] ?: it.newBuffer() }
    }

    /** Encodes ids, and takes the decoder back to the first target step. */
    fun encode(ids: IntArray) {
        if (source.type != TensorType.INT32) throw ModelFileException("Expected a source of numbers for \"${source.name}\", received ids.")
        val rest = checkedRest(ids.size, source.elements)
        for (place in ids.indices) sourceBuffer.putInt(4 * place, ids[place])
        for (place in ids.size until ids.size + rest) sourceBuffer.putInt(4 * place, padding!!.toInt())
        encode()
    }

    /** Encodes finite numbers, step by step in one array, and takes the decoder back to the first target step. */
    fun encode(numbers: FloatArray) {
        if (source.type != TensorType.FLOAT32) throw ModelFileException("Expected a source of ids for \"${source.name}\", received numbers.")
        requireFinite(numbers)
        val rest = checkedRest(numbers.size, source.elements)
        for (place in numbers.indices) sourceBuffer.putFloat(4 * place, numbers[place])
        for (place in numbers.size until numbers.size + rest) sourceBuffer.putFloat(4 * place, padding!!)
        encode()
    }

    /** The scores of the next token after [token]; the states go on. */
    fun decode(token: Int): FloatArray {
        val buffer = decoder.buffer(target.name)
        if (target.type == TensorType.INT32) {
            buffer.putInt(0, token)
        } else {
            require(token in 0 until target.elements) { "Expected an id below ${target.elements}, received $token." }
            for (place in 0 until target.elements) buffer.putFloat(4 * place, if (place == token) 1f else 0f)
        }
        decoder.run()
        val result = decoder.buffer(output.name)
        return FloatArray(output.elements) { result.getFloat(4 * it) }
    }

    /** The likeliest next tokens after [start], up to [end] or as many as [maxSteps]. */
    fun greedy(ids: IntArray, start: Int, end: Int, maxSteps: Int): List<Int> {
        encode(ids)
        val tokens = ArrayList<Int>()
        var token = start
        repeat(maxSteps) {
            val next = decode(token)
            token = next.indices.maxByOrNull { next[it] }!!
            if (token == end) return tokens
            tokens += token
        }
        return tokens
    }

    /** The likeliest sequences, the best first; see [BeamSearch]. */
    fun beamSearch(ids: IntArray, start: Int, end: Int, width: Int, maxSteps: Int, lengthPenalty: Double = 0.0): List<Hypothesis> {
        encode(ids)
        return BeamSearch(end, width, maxSteps, lengthPenalty).run(start, firstStates) { token, before ->
            decoder.restoreStates(before)
            val found = scores.logProbabilities(decode(token))
            val after = decoder.states.map { it.newBuffer() }
            decoder.copyStates(after)
            found to after
        }
    }

    override fun close() = session.close()

    private fun encode() {
        sourceBuffer.rewind()
        for (buffer in encoded.values) buffer.rewind()
        session.run(ENCODE, mapOf(source.name to sourceBuffer), encoded)
        for (memory in decoder.inputs - target) {
            val from = encoded.getValue(memory.name)
            from.rewind()
            decoder.buffer(memory.name).apply { rewind() }.put(from)
        }
        decoder.restoreStates(firstStates)
    }

    private fun checkedRest(received: Int, expected: Int): Int {
        require(received <= expected) { "Expected a source of up to $expected values, received $received." }
        require(received == expected || padding != null) { "Expected a source of $expected values, received $received, and the model has no mask for what is padded." }
        return expected - received
    }

    private fun only(specs: List<TensorSpec>, what: String) = specs.singleOrNull()
        ?: throw ModelFileException("Expected one $what, received ${specs.map { it.name }}.")

    companion object {
        /** The signature of a whole source. */
        const val ENCODE = "encode"

        /** The signature of one target step. */
        const val DECODE = "decode"

        /** The runner of a file, whose metadata entry `lrkeras` is [details]. */
        fun of(session: InferenceSession, details: JsonObject): Seq2SeqRunner {
            val about = details.child("seq2seq")
            val kind = (about["scores"] as? Map<*, *>)?.values?.firstOrNull()
            val padding = (about["padding"] as? Map<*, *>)?.values?.firstOrNull() as? Number
            return Seq2SeqRunner(session, ScoreKind.entries.firstOrNull { it.id == kind } ?: ScoreKind.LOGITS, padding?.toFloat())
        }
    }
}
