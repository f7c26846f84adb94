package org.lrkeras.demo

import android.app.Application

/** Holds what outlives an activity. */
class DemoApplication : Application() {
    /** The parts of the app; tests put others in their place before the activity starts. */
    var services: Services? = null

    /** The parts of the app, made when they are first needed. */
    fun services(): Services = services ?: Services.of(this).also { services = it }

    override fun onTrimMemory(level: Int) {
        super.onTrimMemory(level)
        services?.onMemoryShort()
    }

    override fun onLowMemory() {
        super.onLowMemory()
        services?.onMemoryShort()
    }
}
