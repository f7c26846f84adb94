"""Compressed recurrent networks for phones: train with Keras 3, convert to LiteRT."""

from lrkeras import callbacks, layers, structures
from lrkeras.compression import (
    CompressionReport,
    UnitReport,
    compress,
    distill,
    merge,
    prune_units,
    quantize_aware,
    shrink,
    sparsify,
)
from lrkeras.export import ConversionError, ConversionReport, StepRunner, convert
from lrkeras.legacy_h5 import load_legacy_h5
from lrkeras.models import load

__version__ = "0.1.0"

__all__ = [
    "CompressionReport",
    "ConversionError",
    "ConversionReport",
    "StepRunner",
    "UnitReport",
    "callbacks",
    "compress",
    "convert",
    "distill",
    "layers",
    "load",
    "load_legacy_h5",
    "merge",
    "prune_units",
    "quantize_aware",
    "shrink",
    "sparsify",
    "structures",
]
