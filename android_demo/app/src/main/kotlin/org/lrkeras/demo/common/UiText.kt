package org.lrkeras.demo.common

import android.content.res.Resources

/** A text of the resources with what stands in its places; controllers know no language. */
class UiText(private val id: Int, private vararg val values: Any) {
    /** The text in the language of [resources]. */
    fun read(resources: Resources): String = resources.getString(id, *values)

    override fun equals(other: Any?) = other is UiText && id == other.id && values.contentEquals(other.values)

    override fun hashCode() = 31 * id + values.contentHashCode()
}
