package org.lrkeras.demo

/** The screens, with the button that shows each and its layout. */
enum class Tab(val button: Int, val layout: Int) {
    WORDS(R.id.tab_words, R.layout.words),
    SPEECH(R.id.tab_speech, R.layout.speech),
    BENCHMARK(R.id.tab_benchmark, R.layout.benchmark),
    ABOUT(R.id.tab_about, R.layout.about),
}
