package org.lrkeras.demo

import java.nio.ByteBuffer
import java.nio.ByteOrder

/** Models that are right but for one thing. */
object BrokenModel {
    private const val OPERATOR_CODES = 1
    private const val VERSION = 2

    /** [model] with operators of a version that no runtime has. */
    fun withUnknownOperator(model: ByteArray): ByteArray {
        val data = ByteBuffer.wrap(model.copyOf()).order(ByteOrder.LITTLE_ENDIAN)
        val codes = field(data, data.getInt(0), OPERATOR_CODES).let { it + data.getInt(it) }
        var changed = 0
        for (number in 0 until data.getInt(codes)) {
            val entry = codes + 4 + 4 * number
            val version = field(data, entry + data.getInt(entry), VERSION)
            // Left out where it is 1.
            if (version == 0) continue
            data.putInt(version, 99)
            changed++
        }
        check(changed > 0) { "Expected operators of later versions." }
        return data.array()
    }

    /** Place of a field of a flatbuffer's table; 0 if it was left out. */
    private fun field(data: ByteBuffer, table: Int, number: Int): Int {
        val index = table - data.getInt(table)
        val slot = 4 + 2 * number
        if (slot >= data.getShort(index)) return 0
        val offset = data.getShort(index + slot).toInt()
        return if (offset == 0) 0 else table + offset
    }
}
