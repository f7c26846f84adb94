package org.lrkeras.demo.common

import android.view.View

/** The view with an [id] in this layout; a layout without it is a mistake of ours. */
internal fun <V : View> View.part(id: Int): V = requireNotNull(findViewById(id)) { "Expected a view ${resources.getResourceName(id)} in the layout." }
