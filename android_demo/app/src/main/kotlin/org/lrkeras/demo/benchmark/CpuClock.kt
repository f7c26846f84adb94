package org.lrkeras.demo.benchmark

import java.io.File
import java.io.IOException

/** The clock of the processor's cores, where the kernel shows it to apps. */
internal object CpuClock {
    private val folder = File("/sys/devices/system/cpu")

    /** Clock of the fastest core now, in kHz; null where no core tells. */
    fun khz(): Long? = (0 until Runtime.getRuntime().availableProcessors()).mapNotNull { read(it) }.maxOrNull()

    private fun read(core: Int): Long? = try {
        File(folder, "cpu$core/cpufreq/scaling_cur_freq").readText().trim().toLongOrNull()
    } catch (_: IOException) {
        null
    }
}
