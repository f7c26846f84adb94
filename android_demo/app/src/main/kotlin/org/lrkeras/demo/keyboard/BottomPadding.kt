package org.lrkeras.demo.keyboard

import android.os.Build
import android.view.View
import android.view.WindowInsets
import org.lrkeras.demo.common.SinceApi

/** Keeps the last row of keys off the bar of the system, under which Android 15 lets a window reach. */
internal object BottomPadding : View.OnApplyWindowInsetsListener {
    override fun onApplyWindowInsets(view: View, insets: WindowInsets): WindowInsets {
        if (Build.VERSION.SDK_INT >= Build.VERSION_CODES.R) pad(view, insets)
        return insets
    }

    @SinceApi(Build.VERSION_CODES.R)
    private fun pad(view: View, insets: WindowInsets) {
        val bars = insets.getInsets(WindowInsets.Type.systemBars())
        view.setPadding(bars.left, 0, bars.right, bars.bottom)
    }
}
