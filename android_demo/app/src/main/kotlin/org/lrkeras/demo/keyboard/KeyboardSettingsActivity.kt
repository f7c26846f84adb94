package org.lrkeras.demo.keyboard

import android.app.Activity
import android.content.ActivityNotFoundException
import android.content.Intent
import android.net.Uri
import android.os.Bundle
import android.provider.Settings
import android.view.View
import android.view.inputmethod.InputMethodManager
import org.lrkeras.demo.DemoApplication
import org.lrkeras.demo.R
import org.lrkeras.demo.WindowPadding
import org.lrkeras.demo.common.part

/** Leads through allowing and choosing the keyboard, and holds its settings. */
class KeyboardSettingsActivity : Activity() {
    private val services get() = (application as DemoApplication).services()
    private val manager get() = getSystemService(INPUT_METHOD_SERVICE) as InputMethodManager
    private lateinit var settings: KeyboardSettingsView

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.keyboard_settings)
        val root = window.decorView.part<View>(R.id.root)
        root.setOnApplyWindowInsetsListener(WindowPadding {})
        root.part<View>(R.id.keyboard_enable).setOnClickListener { startActivity(Intent(Settings.ACTION_INPUT_METHOD_SETTINGS)) }
        root.part<View>(R.id.keyboard_choose).setOnClickListener { manager.showInputMethodPicker() }
        root.part<View>(R.id.keyboard_export).setOnClickListener { askWhereTo() }
        settings = KeyboardSettingsView(root, services.keyboard, services.keyboardSettings)
    }

    // The dialogue in which a keyboard is chosen takes the focus, and the activity stays.
    override fun onWindowFocusChanged(hasFocus: Boolean) {
        super.onWindowFocusChanged(hasFocus)
        if (hasFocus) settings.showSteps(isAllowed(), isChosen())
    }

    override fun onResume() {
        super.onResume()
        settings.showSteps(isAllowed(), isChosen())
    }

    override fun onDestroy() {
        super.onDestroy()
        settings.destroy()
    }

    @Deprecated("What takes its place is of a library that this app does without.")
    override fun onActivityResult(request: Int, result: Int, data: Intent?) {
        val target = data?.data
        if (request == SAVE && result == RESULT_OK && target != null) save(target)
    }

    @Suppress("DEPRECATION")
    private fun askWhereTo() {
        val ask = Intent(Intent.ACTION_CREATE_DOCUMENT).addCategory(Intent.CATEGORY_OPENABLE).setType("text/plain").putExtra(Intent.EXTRA_TITLE, FILE)
        try {
            startActivityForResult(ask, SAVE)
        } catch (error: ActivityNotFoundException) {
            settings.tell(getString(R.string.keyboard_export_failed, error.message))
        }
    }

    private fun save(target: Uri) = services.keyboard.exportWords(
        write = { text -> requireNotNull(contentResolver.openOutputStream(target, "wt")) { "no stream" }.use { it.write(text.toByteArray()) } },
        done = { saved ->
            settings.tell(saved.fold({ getString(R.string.keyboard_exported) }, { getString(R.string.keyboard_export_failed, it.message) }))
        },
    )

    private fun isAllowed() = manager.enabledInputMethodList.any { it.packageName == packageName }

    private fun isChosen() = Settings.Secure.getString(contentResolver, Settings.Secure.DEFAULT_INPUT_METHOD).orEmpty().startsWith("$packageName/")

    private companion object {
        const val SAVE = 1
        const val FILE = "lrkeras_words.txt"
    }
}
