"""ONNX files as Keras models.

`load_onnx.py` is the file to read first. `graph_builder.py` walks the graph, `values.py` says how a
tensor is followed through transposes and reshapes, `operators/` has the operators, and
`check_outputs.py` compares the model with onnxruntime.
"""

from lrkeras.importers.onnx.load_onnx import PrecisionWarning, load_onnx
from lrkeras.importers.onnx.registry import SUPPORTED

__all__ = ["SUPPORTED", "PrecisionWarning", "load_onnx"]
