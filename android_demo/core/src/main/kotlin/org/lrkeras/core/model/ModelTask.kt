package org.lrkeras.core.model

/** What a model is for; [id] is its name in the metadata. */
enum class ModelTask(val id: String) {
    WORDS("word_prediction"),
    SPEECH("speech_commands"),

    /** The front end of speech models as a file of its own, so that its share of their time is known. */
    FRONT_END("speech_front_end"),
}
