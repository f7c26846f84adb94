package org.lrkeras.demo.words

/** Latencies in milliseconds: from a keystroke to its suggestions on the screen, and of one token in the model. */
data class WordsFigures(val last: Double, val median: Double, val p90: Double, val perToken: Double?)
