package org.lrkeras.demo.about

import org.lrkeras.core.model.ModelCard

/**
 * What the screen about the app shows.
 *
 * @property runtime Name and version of the library that runs models.
 * @property cards What the files say about themselves, one after the other those of a model.
 * @property descriptions What is told about models in words, by the name of the model.
 * @property unfolded Names of the models whose description is shown.
 * @property problems Files that cannot be used, with the reason.
 */
data class AboutState(
    val version: String = "",
    val runtime: String = "",
    val cards: List<ModelCard> = emptyList(),
    val descriptions: Map<String, String> = emptyMap(),
    val unfolded: Set<String> = emptySet(),
    val problems: Map<String, String> = emptyMap(),
)
