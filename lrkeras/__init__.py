"""Compressed recurrent networks for phones: train with Keras 3, convert to LiteRT."""

from lrkeras import callbacks, layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import ConversionError, ConversionReport, StepRunner, convert
from lrkeras.legacy_h5 import load_legacy_h5

__version__ = "0.1.0"

__all__ = [
    "ConversionError",
    "ConversionReport",
    "StepRunner",
    "callbacks",
    "convert",
    "layers",
    "load_legacy_h5",
    "sparsify",
    "structures",
]
