package org.lrkeras.demo.common

import org.lrkeras.demo.R

/** Sizes in words. */
object BytesText {
    private const val KILO = 1024.0
    private const val MEGA = KILO * KILO

    /** [bytes] in KB or MB. */
    fun of(bytes: Long): UiText =
        if (bytes < MEGA) UiText(R.string.kilobytes, bytes / KILO) else UiText(R.string.megabytes, bytes / MEGA)
}
