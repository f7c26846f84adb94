package org.lrkeras.demo

import android.os.Build
import android.view.View
import android.view.WindowInsets
import org.lrkeras.demo.common.SinceApi

/**
 * Keeps a view off the bars of the system, the cut-outs of the display and the keyboard.
 *
 * @param onKeyboard Told whether the keyboard is open, where Android says so.
 */
internal class WindowPadding(private val onKeyboard: (Boolean) -> Unit) : View.OnApplyWindowInsetsListener {
    override fun onApplyWindowInsets(view: View, insets: WindowInsets): WindowInsets {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) padByType(view, insets) else padOld(view, insets)
        return insets
    }

    @SinceApi(Build.VERSION_CODES.R)
    private fun padByType(view: View, insets: WindowInsets) {
        val keyboard = WindowInsets.Type.ime()
        val all = insets.getInsets(WindowInsets.Type.systemBars() or WindowInsets.Type.displayCutout() or keyboard)
        view.setPadding(all.left, all.top, all.right, all.bottom)
        onKeyboard(insets.isVisible(keyboard))
    }

    // These are all there is before Android 11.
    @Suppress("DEPRECATION")
    private fun padOld(view: View, insets: WindowInsets) = view.setPadding(
        insets.systemWindowInsetLeft,
        insets.systemWindowInsetTop,
        insets.systemWindowInsetRight,
        insets.systemWindowInsetBottom,
    )
}
