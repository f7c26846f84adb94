package org.lrkeras.demo.keyboard

import android.util.AtomicFile
import org.lrkeras.core.words.PersonalWords
import java.io.File
import java.io.FileNotFoundException

/** A person's own words in a file of this app, which no other app can read. For one thread. */
class PersonalStore(private val file: File) {
    private val whole = AtomicFile(file)

    /** The words; read when they are first needed. */
    val words: PersonalWords by lazy { read() }

    /** Remembers what was written. */
    fun learn(text: String) {
        words.learn(text)
        write(words.export())
    }

    /** Forgets every word. */
    fun clear() {
        words.clear()
        whole.delete()
    }

    private fun read(): PersonalWords = try {
        PersonalWords.read(String(whole.readFully(), Charsets.UTF_8))
    } catch (_: FileNotFoundException) {
        PersonalWords()
    } catch (_: IllegalArgumentException) {
        // What another hand has damaged is kept for that hand, and not overwritten.
        file.renameTo(File(file.path + ".damaged"))
        PersonalWords()
    }

    private fun write(text: String) {
        val stream = whole.startWrite()
        try {
            stream.write(text.toByteArray())
            whole.finishWrite(stream)
        } catch (error: java.io.IOException) {
            whole.failWrite(stream)
            throw error
        }
    }
}
