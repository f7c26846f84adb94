package org.lrkeras.core.model

/** What a model is for; [id] is its name in the metadata. */
enum class ModelTask(val id: String) {
    WORDS("word_prediction"),
    SPEECH("speech_commands"),
}
