package org.lrkeras.demo.speech

/** The microphone cannot be used, or no longer. */
class AudioException(message: String) : Exception(message)
