"""What a runner does for a file: text before the numbers, labels and CTC after them.

`cut_model.py` is the file to read first. `text_layers.py` says what a layer of text does, as
metadata that `lrkeras.export.runtime.text_input.TextInput` follows, and holds the two against each
other; `ctc_loss.py` finds the loss that a training model computes, and `live_calls.py` the calls
that count.
"""
