package org.lrkeras.core.json

/** Text that is not JSON, or JSON without what was expected in it. */
class JsonException(message: String) : Exception(message)
