"""A keyboard's suggestions: from text to words that fit, and what they save.

`suggester.py` is the file to read first: `typed_text.py` takes the text apart, a converted model
gives every word a score, `word_ranking.py` chooses. `measure.py` types messages with suggestions at
hand and counts what they save, for a file (`file_model.py`) or an n-gram model (`ngram_model.py`).
The Android app has the same rules in Kotlin.
"""
