package org.lrkeras.demo.benchmark

/**
 * What may slow a device down; null where Android does not say.
 *
 * @property thermalStatus From 0, cool, to 6, as PowerManager has it.
 */
data class DeviceState(val isCharging: Boolean?, val batteryPercent: Int?, val isSavingPower: Boolean, val thermalStatus: Int?) {
    /** Whether it is so warm that Android slows it down, or will: times are longer than those of a cool one. */
    val isHot: Boolean get() = thermalStatus != null && thermalStatus >= MODERATE

    /** For a report. */
    fun toMap(): Map<String, Any?> = mapOf(
        "charging" to isCharging,
        "battery_percent" to batteryPercent,
        "power_save" to isSavingPower,
        "thermal_status" to thermalStatus,
    )

    private companion object {
        const val MODERATE = 2
    }
}
