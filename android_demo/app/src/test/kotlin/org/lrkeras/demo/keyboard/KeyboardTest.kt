package org.lrkeras.demo.keyboard

import android.app.Activity
import android.content.res.Configuration
import android.os.Bundle
import android.text.InputType
import android.view.Gravity
import android.view.View
import android.view.ViewGroup
import android.view.inputmethod.EditorInfo
import android.view.inputmethod.InputConnection
import android.widget.EditText
import android.widget.LinearLayout
import org.junit.After
import org.junit.Before
import org.junit.runner.RunWith
import org.lrkeras.core.benchmark.ResultStore
import org.lrkeras.core.model.ModelFiles
import org.lrkeras.core.runtime.InferenceRuntime
import org.lrkeras.demo.DemoApplication
import org.lrkeras.demo.FakeMicrophone
import org.lrkeras.demo.R
import org.lrkeras.demo.ScreenTest
import org.lrkeras.demo.Services
import org.lrkeras.demo.benchmark.AndroidMemory
import org.lrkeras.demo.common.AssetFiles
import org.lrkeras.lite.LiteRuntime
import org.robolectric.Robolectric
import org.robolectric.RobolectricTestRunner
import org.robolectric.RuntimeEnvironment
import org.robolectric.android.controller.ActivityController
import org.robolectric.android.controller.ServiceController
import org.robolectric.annotation.Config
import org.robolectric.annotation.GraphicsMode
import org.robolectric.shadows.ShadowLooper
import java.io.File
import java.util.Locale

/** The keyboard above the text field of another app, with the models of this one on the real runtime. */
@RunWith(RobolectricTestRunner::class)
@GraphicsMode(GraphicsMode.Mode.NATIVE)
@Config(sdk = [35], application = DemoApplication::class, qualifiers = ScreenTest.PHONE)
abstract class KeyboardTest {
    protected val application: DemoApplication get() = RuntimeEnvironment.getApplication() as DemoApplication
    protected lateinit var services: Services
    protected lateinit var keyboard: ServiceController<WordKeyboard>
    protected lateinit var host: ActivityController<Activity>
    protected lateinit var target: EditText
    protected lateinit var view: View
    private lateinit var connection: InputConnection
    private lateinit var info: EditorInfo
    protected val ownWords: File get() = File(application.filesDir, "own_words.txt")

    /** Sent by the field's action, as a chat takes its message. */
    protected val sent = ArrayList<String>()

    @Before
    fun setUp() {
        Locale.setDefault(Locale.ENGLISH)
        begin()
    }

    @After
    fun tearDown() {
        services.keyboard.release()
        settle()
    }

    /** A new process: the services, the keyboard, an app that wants a text. */
    protected fun begin(files: ModelFiles = AssetFiles(application.assets, "models"), runtime: InferenceRuntime = LiteRuntime()) {
        val store = ResultStore(File(application.filesDir, "benchmark"))
        services = Services(application, files, runtime, store, AndroidMemory()) { FakeMicrophone() }
        application.services = services
        keyboard = Robolectric.buildService(WordKeyboard::class.java).create()
        host = Robolectric.buildActivity(Activity::class.java).setup()
        view = keyboard.get().onCreateInputView()
        openField()
    }

    /** Another field takes the keyboard. */
    protected fun openField(
        kind: Int = InputType.TYPE_CLASS_TEXT or InputType.TYPE_TEXT_FLAG_CAP_SENTENCES,
        options: Int = EditorInfo.IME_ACTION_SEND,
        text: String = "",
    ) {
        if (::info.isInitialized && ::target.isInitialized && target.context === host.get()) keyboard.get().onFinishInputView(true)
        target = EditText(host.get())
        target.inputType = kind
        target.imeOptions = options
        target.setText(text)
        target.setSelection(text.length)
        target.setOnEditorActionListener { _, _, _ ->
            sent.add(target.text.toString())
            target.setText("")
            true
        }
        (view.parent as? ViewGroup)?.removeView(view)
        val screen = LinearLayout(host.get()).apply { orientation = LinearLayout.VERTICAL; gravity = Gravity.BOTTOM }
        screen.addView(target, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, 0, 1f))
        screen.addView(view, LinearLayout.LayoutParams(ViewGroup.LayoutParams.MATCH_PARENT, ViewGroup.LayoutParams.WRAP_CONTENT))
        host.get().setContentView(screen)
        target.requestFocus()
        info = EditorInfo()
        connection = requireNotNull(target.onCreateInputConnection(info))
        keyboard.get().connection = { connection }
        keyboard.get().onStartInputView(info, false)
        settle()
    }

    /** The app is turned: Android makes the view of the keyboard anew and opens the field again. */
    protected fun turn(qualifiers: String) {
        RuntimeEnvironment.setQualifiers(qualifiers)
        keyboard.get().onConfigurationChanged(Configuration(application.resources.configuration))
        view = keyboard.get().onCreateInputView()
        openField(target.inputType, target.imeOptions, target.text.toString())
    }

    /** The process is ended while nobody looks, and started anew. */
    protected fun endProcess() {
        val kept = Bundle()
        host.pause().stop().saveInstanceState(kept)
        services.keyboard.release()
        settle()
        begin()
    }

    /** Types [text] key by key, with shift and the other keys where it needs them. */
    protected fun type(text: String) {
        for (letter in text) {
            when {
                letter == ' ' -> press("Space")
                letter == '\n' -> press("Enter")
                letter.isLetter() && letter.isUpperCase() && !has("$letter") -> press("Shift").also { press("$letter") }
                letter.isLetter() && letter.isLowerCase() && !has("$letter") -> press("Shift, on").also { press("$letter") }
                else -> press(NAMES[letter] ?: "$letter")
            }
        }
    }

    /** Presses the key that is read aloud as [name], on whichever page it is. */
    protected fun press(name: String) {
        val key = find(name) ?: listOf("Digits and symbols", "More symbols", "Letters").firstNotNullOf { page ->
            find(page)?.performClick()
            find(name)
        }
        check(key.performClick())
        tellKeyboard()
    }

    /** What the field tells the keyboard after each change. */
    protected fun tellKeyboard() {
        keyboard.get().onUpdateSelection(0, 0, target.selectionStart, target.selectionEnd, -1, -1)
        settle()
    }

    protected fun has(name: String) = find(name) != null

    protected fun find(name: String): View? = keys().firstOrNull { it.contentDescription?.toString() == name }

    protected fun keys(): List<KeyButton> = descendants(part(R.id.keyboard_keys)).filterIsInstance<KeyButton>()

    protected fun descendants(view: View): List<View> =
        listOf(view) + ((view as? ViewGroup)?.let { group -> (0 until group.childCount).flatMap { descendants(group.getChildAt(it)) } }.orEmpty())

    protected fun <V : View> part(id: Int): V = requireNotNull(view.findViewById(id))

    protected val words: List<String>
        get() = listOf(R.id.keyboard_word_1, R.id.keyboard_word_2, R.id.keyboard_word_3).map { part<android.widget.Button>(it).text.toString() }

    protected fun tapWord(place: Int) {
        part<View>(listOf(R.id.keyboard_word_1, R.id.keyboard_word_2, R.id.keyboard_word_3)[place]).performClick()
        tellKeyboard()
    }

    protected val typed: String get() = target.text.toString()

    /** Waits until nothing is left to do. */
    protected fun settle() = repeat(3) {
        services.keyboardWorker.await()
        ShadowLooper.idleMainLooper()
    }

    private companion object {
        val NAMES = mapOf('.' to "Full stop", ',' to "Comma", '?' to "Question mark", '!' to "Exclamation mark", '\'' to "Apostrophe", '-' to "Hyphen")
    }
}
