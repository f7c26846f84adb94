package org.lrkeras.core.words

/**
 * What a typed word should be instead.
 *
 * @property typed The word as it stands at the end of the text.
 * @property replacement A word of the vocabulary, in the case that [typed] has.
 */
class Correction(val typed: String, val replacement: String)
