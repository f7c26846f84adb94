"""From a model of whole sequences to a model of the time steps of one signature.

`step_builder.py` walks the user's model and is the file to read first; `step_model.py` is what it
makes. The others are the layers that stand in a step model for those of the user: the cell of a
recurrent layer, a causal convolution with its past inputs as a state, a mel spectrogram that takes
samples hop by hop, and layers that act on single time steps.
"""
