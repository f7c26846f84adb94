package org.lrkeras.demo.common

/** Holds what a screen shows, and tells the views that show it. Main thread only. */
open class StateHolder<S>(initial: S) {
    private val observers = LinkedHashSet<(S) -> Unit>()

    /** What is shown now. */
    var state: S = initial
        private set

    /** Calls [view] with the state now and whenever it changes, until it is forgotten. */
    fun observe(view: (S) -> Unit) {
        observers.add(view)
        view(state)
    }

    /** Forgets a view that goes away. */
    fun forget(view: (S) -> Unit) {
        observers.remove(view)
    }

    protected fun update(change: (S) -> S) {
        state = change(state)
        observers.toList().forEach { it(state) }
    }
}
