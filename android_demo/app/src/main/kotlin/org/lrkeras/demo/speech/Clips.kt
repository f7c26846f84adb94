package org.lrkeras.demo.speech

import android.content.res.AssetManager
import org.lrkeras.core.speech.WaveFile

/** The recordings that come with the app. */
class Clips(private val assets: AssetManager) {
    /** Names of the recordings: the words spoken in them. */
    val names: List<String> by lazy {
        assets.list(FOLDER).orEmpty().filter { it.endsWith(SUFFIX) }.map { it.removeSuffix(SUFFIX) }.sorted()
    }

    /** Reads a recording. */
    fun read(name: String): WaveFile = WaveFile.read(assets.open("$FOLDER/$name$SUFFIX").use { it.readBytes() })

    private companion object {
        const val FOLDER = "clips"
        const val SUFFIX = ".wav"
    }
}
