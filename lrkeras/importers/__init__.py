"""Trained models from any file: one door, `load_model`.

`load_model.py` is the file to read first. `keras_archive.py` reads `.keras` files of Keras 2.13
and later, `keras_2_weights.py` the weights of those before Keras 3, `weight_files.py` weights
alone, `saved_model.py` SavedModel folders, `onnx/` ONNX files; `torch_module.py` exports PyTorch
modules to ONNX, with the axes open that `open_axes.py` finds and the recurrent modules whole that
`torch_recurrent.py` names; `torch_examples.py` takes example inputs apart.
"""

from lrkeras.importers.load_model import load_model
from lrkeras.importers.torch_module import from_torch

__all__ = ["from_torch", "load_model"]
