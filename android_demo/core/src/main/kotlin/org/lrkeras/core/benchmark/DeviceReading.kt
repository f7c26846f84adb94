package org.lrkeras.core.benchmark

/**
 * What the device says of itself in the middle of a benchmark; null where it does not say.
 *
 * @property thermalStatus From 0, cool, to 6, as PowerManager has it.
 * @property clockKhz Clock of the fastest core now, in kHz.
 * @property chargeMicroampHours Charge left in the battery; what it falls by is what was used.
 */
data class DeviceReading(val thermalStatus: Int?, val clockKhz: Long?, val chargeMicroampHours: Long?) {
    companion object {
        /** Of a device that says nothing. */
        val NONE = DeviceReading(null, null, null)
    }
}
