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
        worker.run({ AboutState(version, models.runtime.version, models.library.cards, models.library.problems) }) { result ->
            result.onSuccess { found -> update { found } }
        }
    }
}
