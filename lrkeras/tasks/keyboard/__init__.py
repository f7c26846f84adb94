"""A keyboard's suggestions: from text to words that fit, and what they save.

`suggester.py` is the file to read first: `typed_text.py` takes the text apart, a converted model
gives every word a score, `word_ranking.py` chooses. `measure.py` types messages with suggestions at
hand and counts what they save (`file_model.py` runs the file).
The Android app has the same rules in Kotlin.
"""
