package org.lrkeras.demo.benchmark

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.ClipData
import android.content.Intent
import android.view.View
import android.view.WindowManager
import android.widget.Button
import android.widget.CheckBox
import android.widget.CompoundButton
import android.widget.ProgressBar
import android.widget.RadioButton
import android.widget.TextView
import org.lrkeras.core.benchmark.Mode
import org.lrkeras.demo.R
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.UiText
import org.lrkeras.demo.common.part
import org.lrkeras.demo.common.tell
import java.io.File

/** Choices, a button to run and one to stop, and the newest result. */
class BenchmarkView(private val activity: Activity, private val root: View, private val controller: BenchmarkController) : Screen {
    private val threads = mapOf(1 to R.id.threads_1, 2 to R.id.threads_2, 4 to R.id.threads_4).mapValues { root.part<CheckBox>(it.value) }
    private val delegates = mapOf(true to R.id.xnnpack_on, false to R.id.xnnpack_off).mapValues { root.part<CheckBox>(it.value) }
    private val modes = mapOf(Mode.BURST to R.id.mode_burst, Mode.PACED to R.id.mode_paced, Mode.SUSTAINED to R.id.mode_sustained)
        .mapValues { root.part<RadioButton>(it.value) }
    private val modeText = root.part<TextView>(R.id.benchmark_mode)
    private val run = root.part<Button>(R.id.benchmark_run)
    private val cancel = root.part<Button>(R.id.benchmark_cancel)
    private val share = root.part<Button>(R.id.benchmark_share)
    private val progress = root.part<ProgressBar>(R.id.benchmark_progress)
    private val status = root.part<TextView>(R.id.benchmark_status)
    private val device = root.part<TextView>(R.id.benchmark_device)
    private val warning = root.part<TextView>(R.id.benchmark_warning)
    private val result = ResultView(root.part(R.id.benchmark_result)) { controller.chooseSetting(it) }
    private val show = ::render

    init {
        threads.forEach { (count, box) -> box.setOnCheckedChangeListener { _, on -> controller.chooseThreads(count, on) } }
        delegates.forEach { (xnnpack, box) -> box.setOnCheckedChangeListener { _, on -> controller.chooseDelegate(xnnpack, on) } }
        modes.forEach { (mode, button) -> button.setOnClickListener { controller.chooseMode(mode) } }
        run.setOnClickListener { controller.run() }
        cancel.setOnClickListener { controller.cancel() }
        share.setOnClickListener { controller.state.file?.let { share(it) } }
        controller.observe(show)
        controller.start()
    }

    override fun onDestroy() {
        keepAwake(false)
        controller.forget(show)
    }

    private fun render(state: BenchmarkState) {
        threads.forEach { (count, box) -> check(box, count in state.threads, !state.isRunning) }
        delegates.forEach { (xnnpack, box) -> check(box, xnnpack in state.delegates, !state.isRunning) }
        modes.forEach { (mode, button) -> check(button, mode == state.mode, !state.isRunning) }
        modeText.setText(MODE_TEXTS.getValue(state.mode))
        run.isEnabled = state.canStart
        cancel.isEnabled = state.isRunning
        share.isEnabled = state.file != null && !state.isRunning
        progress.visibility = if (state.isRunning) View.VISIBLE else View.GONE
        progress.progress = ((state.progress?.share ?: 0.0) * progress.max).toInt()
        status.tell(state.message ?: doing(state)?.let { UiText(it) })
        device.text = state.device?.let { described(it) }
        warning.text = state.device?.let { warned(it) }
        warning.visibility = if (warning.text.isEmpty()) View.GONE else View.VISIBLE
        result.show(state)
        keepAwake(state.isRunning)
    }

    private fun check(box: CompoundButton, isChecked: Boolean, isEnabled: Boolean) {
        if (box.isChecked != isChecked) box.isChecked = isChecked
        box.isEnabled = isEnabled
    }

    private fun doing(state: BenchmarkState) = when {
        state.isRunning -> R.string.benchmark_running
        state.report == null -> R.string.benchmark_none
        else -> null
    }

    private fun described(state: DeviceState): String {
        val resources = root.resources
        val unknown = resources.getString(R.string.unknown)
        fun yesNo(value: Boolean?) = value?.let { resources.getString(if (it) R.string.yes else R.string.no) } ?: unknown
        val heat = state.thermalStatus?.let { resources.getStringArray(R.array.thermal_states).getOrNull(it) } ?: unknown
        return resources.getString(R.string.benchmark_device, yesNo(state.isCharging), yesNo(state.isSavingPower), heat)
    }

    private fun warned(state: DeviceState): String {
        val resources = root.resources
        val found = ArrayList<Int>()
        if (state.isHot) found += R.string.benchmark_hot
        if (state.isSavingPower) found += R.string.benchmark_saving
        return found.joinToString(" ") { resources.getString(it) }
    }

    private fun keepAwake(isRunning: Boolean) {
        val flag = WindowManager.LayoutParams.FLAG_KEEP_SCREEN_ON
        if (isRunning) activity.window.addFlags(flag) else activity.window.clearFlags(flag)
    }

    private fun share(file: File) {
        val uri = ResultProvider.uri(file)
        val intent = Intent(Intent.ACTION_SEND)
            .setType(ResultProvider.TYPE)
            .putExtra(Intent.EXTRA_STREAM, uri)
            .addFlags(Intent.FLAG_GRANT_READ_URI_PERMISSION)
        // The permission goes to whom the clip goes to.
        intent.clipData = ClipData.newRawUri(file.name, uri)
        try {
            activity.startActivity(Intent.createChooser(intent, root.resources.getString(R.string.benchmark_share)))
        } catch (_: ActivityNotFoundException) {
            controller.onShareFailed()
        }
    }

    private companion object {
        val MODE_TEXTS = mapOf(
            Mode.BURST to R.string.mode_burst_text,
            Mode.PACED to R.string.mode_paced_text,
            Mode.SUSTAINED to R.string.mode_sustained_text,
        )
    }
}
