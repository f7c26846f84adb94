"""Trained models from any file: one door, `load_model`.

`load_model.py` is the file to read first. `keras_archive.py` reads `.keras` files of Keras 2.13
and later, `keras_2_weights.py` the weights of those before Keras 3, `weight_files.py` weights
alone, `saved_model.py` SavedModel folders, `onnx/` ONNX files.
"""

from lrkeras.importers.load_model import load_model

__all__ = ["load_model"]
