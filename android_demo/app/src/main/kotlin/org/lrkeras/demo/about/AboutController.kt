package org.lrkeras.demo.about

import org.lrkeras.demo.common.Models
import org.lrkeras.demo.common.StateHolder
import org.lrkeras.demo.common.Worker

/** Tells which models there are, what they say of themselves, and what runs them. */
class AboutController(private val models: Models, private val worker: Worker, private val version: String) :
    StateHolder<AboutState>(AboutState(version)) {
    /** Reads the models; the first time only. */
    fun start() {
        if (state.runtime.isNotEmpty()) return
        worker.run({ read() }) { result ->
            result.onSuccess { found -> update { found } }
        }
    }

    /** Shows the description of a model, or hides it again. */
    fun unfold(name: String) = update { it.copy(unfolded = if (name in it.unfolded) it.unfolded - name else it.unfolded + name) }

    private fun read(): AboutState {
        val library = models.library
        // Computed here, and not on the thread of the display.
        library.cards.forEach { it.sha256 }
        val descriptions = library.cards.distinctBy { it.name }.mapNotNull { card -> library.description(card)?.let { card.name to it } }
        return AboutState(version, models.runtime.version, library.cards, descriptions.toMap(), problems = library.problems)
    }
}
