package org.lrkeras.demo.common

import java.util.concurrent.atomic.AtomicReference

/**
 * Has a worker answer questions; of several that wait only the newest is answered.
 *
 * @param answer Answers in the background.
 * @param done Takes the question and its answer, or what was thrown, on the main thread.
 */
class NewestFirst<Q : Any, A>(private val worker: Worker, private val answer: (Q) -> A, private val done: (Q, Result<A>) -> Unit) {
    private val waiting = AtomicReference<Q?>()

    /** Asks [question] in the place of one that still waits. */
    fun ask(question: Q) {
        waiting.set(question)
        worker.run({ waiting.getAndSet(null)?.let { it to runCatching { answer(it) } } }) { result ->
            result.getOrThrow()?.let { (asked, answered) -> done(asked, answered) }
        }
    }

    /** Drops the question that still waits. */
    fun forget() = waiting.set(null)
}
