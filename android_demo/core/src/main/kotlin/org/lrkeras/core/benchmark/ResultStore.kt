package org.lrkeras.core.benchmark

import java.io.File
import java.io.IOException

/** Results of benchmarks in a folder, one file each, the last [KEPT] of them. */
class ResultStore(private val folder: File) {
    /**
     * Keeps a result and returns its file. It is written aside first: a storage that is full leaves nothing behind, and
     * everything that was there before.
     *
     * Throws IOException if it cannot be written.
     */
    fun save(time: Long, json: String): File {
        if (!folder.isDirectory && !folder.mkdirs()) throw IOException("Expected a folder ${folder.path}, which cannot be made.")
        val draft = File(folder, "draft")
        val file = File(folder, "$PREFIX$time$SUFFIX")
        try {
            draft.writeText(json)
            if (!draft.renameTo(file)) throw IOException("Expected to name the result ${file.name}, which the storage refused.")
        } finally {
            draft.delete()
        }
        files().drop(KEPT).forEach { it.delete() }
        return file
    }

    /** The files, the newest first. */
    fun files(): List<File> = folder.listFiles().orEmpty()
        .filter { it.name.startsWith(PREFIX) && it.name.endsWith(SUFFIX) }
        .sortedByDescending { it.name.removePrefix(PREFIX).removeSuffix(SUFFIX).toLongOrNull() ?: 0 }

    /** The file with a name, if it is a result of this store: no folder, and no link to what lies elsewhere. */
    fun find(name: String): File? = files().firstOrNull { it.name == name && it.isFile && it.canonicalFile == File(folder.canonicalFile, name) }

    companion object {
        /** How many results are kept. */
        const val KEPT = 20
        private const val PREFIX = "benchmark-"
        private const val SUFFIX = ".json"
    }
}
