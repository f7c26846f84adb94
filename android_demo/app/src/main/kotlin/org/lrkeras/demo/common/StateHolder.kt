package org.lrkeras.demo.common

/** Holds what a screen shows, and tells the one view that shows it. Main thread only. */
open class StateHolder<S>(initial: S) {
    private var observer: ((S) -> Unit)? = null

    /** What is shown now. */
    var state: S = initial
        private set

    /** Calls [view] with the state now and whenever it changes, until another one takes its place. */
    fun observe(view: (S) -> Unit) {
        observer = view
        view(state)
    }

    /** Forgets a view that goes away; a newer one stays. */
    fun forget(view: (S) -> Unit) {
        if (observer === view) observer = null
    }

    protected fun update(change: (S) -> S) {
        state = change(state)
        observer?.invoke(state)
    }
}
