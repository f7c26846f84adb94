package org.lrkeras.demo

import android.app.Activity
import android.content.Intent
import android.content.pm.PackageManager
import android.os.Bundle
import android.view.View
import android.view.ViewGroup
import android.widget.Button
import org.lrkeras.demo.about.AboutView
import org.lrkeras.demo.benchmark.BenchmarkIntent
import org.lrkeras.demo.benchmark.BenchmarkView
import org.lrkeras.demo.common.ComparedModels
import org.lrkeras.demo.common.Screen
import org.lrkeras.demo.common.part
import org.lrkeras.demo.speech.SpeechView
import org.lrkeras.demo.words.WordsView

/** The one window of the app: four screens, of which one is in front. */
class MainActivity : Activity() {
    private val services: Services get() = (application as DemoApplication).services()
    private val views = HashMap<Tab, View>()
    private val screens = HashMap<Tab, Screen>()
    private var current = Tab.WORDS

    override fun onCreate(state: Bundle?) {
        super.onCreate(state)
        setContentView(R.layout.main)
        val tabs = window.decorView.part<View>(R.id.tabs)
        // While a person types, the room is for the text.
        window.decorView.part<View>(R.id.root).setOnApplyWindowInsetsListener(
            WindowPadding { isOpen -> tabs.visibility = if (isOpen) View.GONE else View.VISIBLE },
        )
        for (tab in Tab.values()) window.decorView.part<Button>(tab.button).setOnClickListener { show(tab) }
        if (state != null) restore(state)
        show(current)
        // After the screens: those that are restored have a text that belongs to a state.
        startBenchmark(intent)
    }

    override fun onNewIntent(intent: Intent) {
        super.onNewIntent(intent)
        setIntent(intent)
        startBenchmark(intent)
    }

    override fun onStop() {
        super.onStop()
        if (!isChangingConfigurations) screens[current]?.onHide()
    }

    override fun onDestroy() {
        super.onDestroy()
        screens.values.forEach { it.onDestroy() }
    }

    override fun onSaveInstanceState(state: Bundle) {
        super.onSaveInstanceState(state)
        state.putString(TAB, current.name)
        services.words.chosen().save(state, WORDS)
        services.speech.chosen().save(state, SPEECH)
        state.putStringArrayList(SPEECH_TEXTS, ArrayList(services.speech.state.columns.map { it.text }))
    }

    override fun onRequestPermissionsResult(request: Int, permissions: Array<out String>, results: IntArray) {
        super.onRequestPermissionsResult(request, permissions, results)
        // Without results the question was broken off, which is no answer.
        if (request != SpeechView.REQUEST || results.isEmpty()) return
        (screens[Tab.SPEECH] as? SpeechView)?.onPermission(results[0] == PackageManager.PERMISSION_GRANTED)
    }

    /** Puts a screen to the front. */
    internal fun show(tab: Tab) {
        if (tab != current) screens[current]?.onHide()
        current = tab
        if (tab !in screens) open(tab)
        for ((other, view) in views) view.visibility = if (other == tab) View.VISIBLE else View.GONE
        for (other in Tab.values()) window.decorView.part<Button>(other.button).isSelected = other == tab
        screens[tab]?.onShow()
    }

    private fun open(tab: Tab) {
        val parent = window.decorView.part<ViewGroup>(R.id.screen)
        val view = layoutInflater.inflate(tab.layout, parent, false)
        parent.addView(view)
        views[tab] = view
        screens[tab] = when (tab) {
            Tab.WORDS -> WordsView(view, services.words)
            Tab.SPEECH -> SpeechView(this, view, services.speech)
            Tab.BENCHMARK -> BenchmarkView(this, view, services.benchmark)
            Tab.ABOUT -> AboutView(view, services.about)
        }
    }

    private fun restore(state: Bundle) {
        current = Tab.values().firstOrNull { it.name == state.getString(TAB) } ?: Tab.WORDS
        // The text of a field is restored by the field itself once its screen is there.
        open(Tab.WORDS)
        services.words.restore(ComparedModels.read(state, WORDS))
        val heard = state.getStringArrayList(SPEECH_TEXTS).orEmpty()
        // A display that turns changes nothing: the controller has it all.
        if (services.speech.state.models.isEmpty()) services.speech.restore(ComparedModels.read(state, SPEECH), heard)
    }

    private fun startBenchmark(intent: Intent?) {
        val request = BenchmarkIntent.read(intent) ?: return
        intent?.let { BenchmarkIntent.consume(it) }
        show(Tab.BENCHMARK)
        services.benchmark.run(request)
    }

    private companion object {
        const val TAB = "tab"
        const val WORDS = "words"
        const val SPEECH = "speech"
        const val SPEECH_TEXTS = "speech_texts"
    }
}
