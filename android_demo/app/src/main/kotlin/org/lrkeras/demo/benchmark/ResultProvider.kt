package org.lrkeras.demo.benchmark

import android.content.ContentProvider
import android.content.ContentValues
import android.content.Context
import android.database.Cursor
import android.database.MatrixCursor
import android.net.Uri
import android.os.ParcelFileDescriptor
import android.provider.OpenableColumns
import org.lrkeras.core.benchmark.ResultStore
import java.io.File
import java.io.FileNotFoundException

/** Lets an app that a result was shared with read it; only results, and only with a permission for the one. */
class ResultProvider : ContentProvider() {
    override fun onCreate() = true

    override fun getType(uri: Uri) = TYPE

    override fun openFile(uri: Uri, mode: String): ParcelFileDescriptor {
        if (mode != "r") throw FileNotFoundException("Expected the mode \"r\", received \"$mode\".")
        return ParcelFileDescriptor.open(file(uri), ParcelFileDescriptor.MODE_READ_ONLY)
    }

    override fun query(uri: Uri, projection: Array<String>?, selection: String?, arguments: Array<String>?, order: String?): Cursor {
        val file = file(uri)
        val columns = projection ?: arrayOf(OpenableColumns.DISPLAY_NAME, OpenableColumns.SIZE)
        val row = columns.map { column ->
            when (column) {
                OpenableColumns.DISPLAY_NAME -> file.name
                OpenableColumns.SIZE -> file.length()
                else -> null
            }
        }
        return MatrixCursor(columns).apply { addRow(row) }
    }

    override fun insert(uri: Uri, values: ContentValues?): Uri? = null

    override fun update(uri: Uri, values: ContentValues?, selection: String?, arguments: Array<String>?) = 0

    override fun delete(uri: Uri, selection: String?, arguments: Array<String>?) = 0

    private fun file(uri: Uri): File = store(requireNotNull(context)).find(uri.lastPathSegment.orEmpty())
        ?: throw FileNotFoundException("Expected the name of a result, received $uri.")

    companion object {
        /** Kind of the files. */
        const val TYPE = "application/json"
        private const val AUTHORITY = "org.lrkeras.demo.results"
        private const val FOLDER = "benchmark"

        /** Where results are kept: a folder of this app that `adb pull` reaches, if there is a storage for it. */
        fun store(context: Context) = ResultStore(File(context.getExternalFilesDir(null) ?: context.filesDir, FOLDER))

        /** Address of a result. */
        fun uri(file: File): Uri = Uri.Builder().scheme("content").authority(AUTHORITY).appendPath(file.name).build()
    }
}
