package org.lrkeras.demo.common

/** A screen that is on the display, or behind another one. */
interface Screen {
    /** It comes to the front. */
    fun onShow() {}

    /** Another one takes its place, or the app goes to the background. */
    fun onHide() {}

    /** Its activity goes away; what it shows stays with the controller. */
    fun onDestroy()
}
