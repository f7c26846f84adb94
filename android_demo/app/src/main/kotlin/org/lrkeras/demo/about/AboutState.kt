package org.lrkeras.demo.about

import org.lrkeras.core.model.ModelCard

/**
 * What the screen about the app shows.
 *
 * @property runtime Name and version of the library that runs models.
 * @property problems Files that cannot be used, with the reason.
 */
data class AboutState(
    val version: String = "",
    val runtime: String = "",
    val cards: List<ModelCard> = emptyList(),
    val problems: Map<String, String> = emptyMap(),
)
