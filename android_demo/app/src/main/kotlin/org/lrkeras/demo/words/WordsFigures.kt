package org.lrkeras.demo.words

/**
 * Latencies in microseconds. Of one model: from a keystroke to its suggestions on the screen. Of two: the computing time of
 * each, so that neither is charged for waiting for the other.
 *
 * @property perToken One token in the model; null before the first.
 * @property count Keystrokes that they are of, at most those of the window.
 */
data class WordsFigures(val last: Double, val median: Double, val p90: Double, val perToken: Double?, val count: Int)
