package org.lrkeras.demo.common

import org.lrkeras.core.model.ModelCard
import org.lrkeras.core.runtime.SessionOptions
import org.lrkeras.core.runtime.StepRunner

/**
 * The model that was used last, kept open until another one is wanted. For one thread.
 *
 * @param make What is made of a model's steps; closing it closes them.
 */
class LoadedModel<T : AutoCloseable>(private val models: Models, private val make: (StepRunner, ModelCard) -> T) {
    private var loaded: T? = null
    private var loadedCard: ModelCard? = null

    /** The model of [card], loaded if it is not the last one. */
    fun of(card: ModelCard): T {
        loaded?.takeIf { loadedCard === card }?.let { return it }
        unload()
        val session = models.runtime.open(models.library.data(card), SessionOptions())
        return try {
            make(StepRunner(session), card)
        } catch (error: Exception) {
            session.close()
            throw error
        }.also {
            loaded = it
            loadedCard = card
        }
    }

    /** Frees the model; the next use loads it again. */
    fun unload() {
        loaded?.close()
        loaded = null
        loadedCard = null
    }
}
