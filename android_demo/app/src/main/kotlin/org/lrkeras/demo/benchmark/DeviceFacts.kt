package org.lrkeras.demo.benchmark

import android.content.Context
import android.content.Intent
import android.content.IntentFilter
import android.content.pm.ApplicationInfo
import android.os.BatteryManager
import android.os.Build
import android.os.PowerManager
import org.lrkeras.core.benchmark.DeviceReading
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.demo.common.SinceApi

/** What a latency depends on beside the model. */
class DeviceFacts(private val context: Context, private val runtime: InferenceRuntime) {
    /** The device, the build and the state now, for a report. */
    fun read(): Map<String, Any?> = mapOf(
        "manufacturer" to Build.MANUFACTURER,
        "model" to Build.MODEL,
        "soc" to if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.S) soc() else Build.HARDWARE,
        "android" to Build.VERSION.RELEASE,
        "sdk" to Build.VERSION.SDK_INT,
        "build" to Build.FINGERPRINT,
        "abi" to Build.SUPPORTED_ABIS.firstOrNull(),
        "cores" to Runtime.getRuntime().availableProcessors(),
        "runtime" to runtime.version,
        "app" to context.packageManager.getPackageInfo(context.packageName, 0).versionName,
        "debuggable" to (context.applicationInfo.flags and ApplicationInfo.FLAG_DEBUGGABLE != 0),
        "state" to state().toMap(),
    )

    /** What changes while a benchmark runs. */
    fun reading(): DeviceReading {
        val battery = context.getSystemService(Context.BATTERY_SERVICE) as BatteryManager
        return DeviceReading(
            thermalStatus = thermalStatus(),
            clockKhz = CpuClock.khz(),
            // Zero and the smallest number say that the device does not count it.
            chargeMicroampHours = battery.getLongProperty(BatteryManager.BATTERY_PROPERTY_CHARGE_COUNTER).takeIf { it > 0 },
        )
    }

    /** Charging, battery, power saving and heat now. */
    fun state(): DeviceState {
        val battery = context.registerReceiver(null, IntentFilter(Intent.ACTION_BATTERY_CHANGED))
        val level = battery?.getIntExtra(BatteryManager.EXTRA_LEVEL, -1)?.takeIf { it >= 0 }
        return DeviceState(
            isCharging = battery?.getIntExtra(BatteryManager.EXTRA_PLUGGED, 0)?.let { it != 0 },
            batteryPercent = level?.let { it * PERCENT / battery.getIntExtra(BatteryManager.EXTRA_SCALE, PERCENT).coerceAtLeast(1) },
            isSavingPower = power.isPowerSaveMode,
            thermalStatus = thermalStatus(),
        )
    }

    @SinceApi(Build.VERSION_CODES.S)
    private fun soc() = "${Build.SOC_MANUFACTURER} ${Build.SOC_MODEL}"

    private val power get() = context.getSystemService(Context.POWER_SERVICE) as PowerManager

    private fun thermalStatus() = if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.Q) knownThermalStatus() else null

    @SinceApi(Build.VERSION_CODES.Q)
    private fun knownThermalStatus() = power.currentThermalStatus

    private companion object {
        const val PERCENT = 100
    }
}
