package org.lrkeras.core.benchmark

/** What one timed run is; [id] is its name in reports. */
enum class Measure(val id: String) {
    /** One step of the model. */
    STEP("step"),

    /** A keystroke in a word model: from the text to its suggestions, tokens, model and ranking included. */
    KEYSTROKE("keystroke"),
}
