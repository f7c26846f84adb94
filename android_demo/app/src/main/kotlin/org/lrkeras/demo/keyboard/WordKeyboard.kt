package org.lrkeras.demo.keyboard

import android.content.Intent
import android.inputmethodservice.InputMethodService
import android.view.View
import android.view.inputmethod.EditorInfo
import android.view.inputmethod.InputConnection
import android.view.inputmethod.InputMethodManager
import org.lrkeras.demo.DemoApplication
import org.lrkeras.demo.R

/** The keyboard as Android knows it. What is typed stays on the device: the app has no permission for the network. */
class WordKeyboard : InputMethodService(), KeyboardPanel.Listener {
    /** The way to the text field; tests put another in its place. */
    internal var connection: () -> InputConnection? = { currentInputConnection }

    /** What is on the display, once there is something. */
    internal var panel: KeyboardPanel? = null
        private set

    override fun onCreate() {
        setTheme(R.style.KeyboardTheme)
        super.onCreate()
    }

    override fun onCreateInputView(): View {
        panel?.destroy()
        val services = (application as DemoApplication).services()
        val made = KeyboardPanel(this, null, services.keyboard, services.keyboardSettings, { connection() }, this)
        made.view.setOnApplyWindowInsetsListener(BottomPadding)
        panel = made
        return made.view
    }

    // The text field stays visible in landscape, where Android would put a field of its own in its place.
    override fun onEvaluateFullscreenMode() = false

    override fun onStartInputView(info: EditorInfo, restarting: Boolean) {
        super.onStartInputView(info, restarting)
        panel?.open(info)
    }

    override fun onUpdateSelection(oldStart: Int, oldEnd: Int, newStart: Int, newEnd: Int, candidatesStart: Int, candidatesEnd: Int) {
        super.onUpdateSelection(oldStart, oldEnd, newStart, newEnd, candidatesStart, candidatesEnd)
        panel?.onMoved()
    }

    override fun onFinishInputView(finishing: Boolean) {
        super.onFinishInputView(finishing)
        panel?.close()
    }

    override fun onDestroy() {
        super.onDestroy()
        panel?.destroy()
    }

    override fun onOtherKeyboard() = (getSystemService(INPUT_METHOD_SERVICE) as InputMethodManager).showInputMethodPicker()

    override fun onSettings() {
        requestHideSelf(0)
        startActivity(Intent(this, KeyboardSettingsActivity::class.java).addFlags(Intent.FLAG_ACTIVITY_NEW_TASK))
    }
}
