package org.lrkeras.demo.keyboard

import android.app.AlertDialog
import android.view.View
import android.widget.Button
import android.widget.Spinner
import android.widget.Switch
import android.widget.TextView
import org.lrkeras.demo.R
import org.lrkeras.demo.common.ModelPicker
import org.lrkeras.demo.common.part
import kotlin.reflect.KMutableProperty0

/** The settings of the keyboard on a screen. */
class KeyboardSettingsView(private val root: View, private val controller: KeyboardController, settings: KeyboardSettings) {
    private val told = root.part<TextView>(R.id.keyboard_told)
    private val count = root.part<TextView>(R.id.keyboard_words_count)
    private val picker = ModelPicker(root.part<Spinner>(R.id.keyboard_model)) { controller.choose(controller.state.models[it]) }
    private val show = ::render

    init {
        bind(R.id.keyboard_corrects, settings::corrects)
        bind(R.id.keyboard_capitalises, settings::capitalises)
        bind(R.id.keyboard_learns, settings::learns)
        bind(R.id.keyboard_shows_latency, settings::showsLatency)
        root.part<Button>(R.id.keyboard_clear).setOnClickListener { askToForget() }
        controller.observe(show)
        controller.start()
        countWords()
    }

    /** Shows how far the keyboard is set up. */
    fun showSteps(isAllowed: Boolean, isChosen: Boolean) {
        root.part<Button>(R.id.keyboard_enable).setText(if (isAllowed) R.string.keyboard_enabled else R.string.keyboard_enable)
        val choose = root.part<Button>(R.id.keyboard_choose)
        choose.setText(if (isChosen) R.string.keyboard_chosen else R.string.keyboard_choose)
        choose.isEnabled = isAllowed
        countWords()
    }

    /** Says what came of a tap. */
    fun tell(text: String) {
        told.text = text
    }

    /** The screen goes away. */
    fun destroy() = controller.forget(show)

    private fun bind(id: Int, setting: KMutableProperty0<Boolean>) {
        val switch = root.part<Switch>(id)
        switch.isChecked = setting.get()
        switch.setOnCheckedChangeListener { _, isOn -> setting.set(isOn) }
    }

    private fun countWords() = controller.countWords { count.text = root.resources.getString(R.string.keyboard_words_count, it) }

    private fun askToForget() {
        AlertDialog.Builder(root.context)
            .setMessage(R.string.keyboard_clear_question)
            .setNegativeButton(R.string.keyboard_clear_no, null)
            .setPositiveButton(R.string.keyboard_clear) { _, _ ->
                controller.forgetWords {
                    tell(root.resources.getString(R.string.keyboard_cleared))
                    countWords()
                }
            }
            .show()
    }

    private fun render(state: KeyboardState) = picker.show(state.models.map { it.shortTitle }, state.models.indexOf(state.model))
}
