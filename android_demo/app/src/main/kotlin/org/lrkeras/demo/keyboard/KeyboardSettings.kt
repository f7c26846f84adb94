package org.lrkeras.demo.keyboard

import android.content.Context
import android.content.SharedPreferences

/** What a person has chosen; kept on the device. */
class KeyboardSettings(private val store: SharedPreferences) {
    /** File of the model; null takes the first one. */
    var model: String? by Chosen({ key -> getString(key, null) }, { key, value -> putString(key, value) })

    /** Whether words with typing errors are corrected. */
    var corrects: Boolean by flag()

    /** Whether words that no model has are remembered. */
    var learns: Boolean by flag()

    /** Whether sentences begin with a capital where a field asks for it. */
    var capitalises: Boolean by flag()

    /** Whether the times of the last keystrokes are shown. */
    var showsLatency: Boolean by flag()

    private inner class Chosen<T>(
        private val read: SharedPreferences.(String) -> T,
        private val write: SharedPreferences.Editor.(String, T) -> Unit,
    ) {
        operator fun getValue(owner: KeyboardSettings, property: kotlin.reflect.KProperty<*>): T = store.read(property.name)

        operator fun setValue(owner: KeyboardSettings, property: kotlin.reflect.KProperty<*>, value: T) =
            store.edit().also { it.write(property.name, value) }.apply()
    }

    private fun flag() = Chosen({ key -> getBoolean(key, true) }, { key, value -> putBoolean(key, value) })

    companion object {
        /** The settings of this app. */
        fun of(context: Context) = KeyboardSettings(context.getSharedPreferences("keyboard", Context.MODE_PRIVATE))
    }
}
