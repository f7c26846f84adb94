package org.lrkeras.demo.common

import android.os.Bundle
import org.lrkeras.core.model.ModelCard

/**
 * Which models a screen uses, as it is kept while the process is gone.
 *
 * @property files Files of the two models, the second one of the comparison; null where none was chosen.
 * @property isComparing Whether both are used.
 */
data class ComparedModels(val files: List<String?> = listOf(null, null), val isComparing: Boolean = false) {
    /** Places of the two models among those that were [found]: two different ones, unless somebody wants one twice. */
    fun places(found: List<ModelCard>): List<Int> = files.mapIndexed { column, file ->
        val place = found.indexOfFirst { it.file == file }
        if (place >= 0) place else minOf(column, found.size - 1).coerceAtLeast(0)
    }

    /** This under [name] of [state]. */
    fun save(state: Bundle, name: String) {
        state.putStringArrayList("$name.files", ArrayList(files))
        state.putBoolean("$name.comparing", isComparing)
    }

    companion object {
        /** What [save] left under [name]. */
        fun read(state: Bundle, name: String) = ComparedModels(
            state.getStringArrayList("$name.files")?.takeIf { it.size == 2 } ?: listOf(null, null),
            state.getBoolean("$name.comparing"),
        )
    }
}
