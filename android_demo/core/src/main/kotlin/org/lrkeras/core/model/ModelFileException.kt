package org.lrkeras.core.model

/** A file that is not a model this app can use; the message says what was expected and what was found. */
class ModelFileException(message: String, cause: Throwable? = null) : Exception(message, cause)
