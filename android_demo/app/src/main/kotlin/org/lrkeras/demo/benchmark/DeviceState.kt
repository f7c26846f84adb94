package org.lrkeras.demo.benchmark

/**
 * What may slow a device down; null where Android does not say.
 *
 * @property thermalStatus From 0, cool, to 6, as PowerManager has it.
 */
data class DeviceState(val isCharging: Boolean?, val batteryPercent: Int?, val isSavingPower: Boolean, val thermalStatus: Int?) {
    /** For a report. */
    fun toMap(): Map<String, Any?> = mapOf(
        "charging" to isCharging,
        "battery_percent" to batteryPercent,
        "power_save" to isSavingPower,
        "thermal_status" to thermalStatus,
    )
}
