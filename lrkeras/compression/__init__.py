"""Making trained models smaller."""

from lrkeras.compression.compress import compress
from lrkeras.compression.compression_report import CompressionReport, MatrixReport
from lrkeras.compression.distill import distill
from lrkeras.compression.merge import merge
from lrkeras.compression.quantize_aware import quantize_aware
from lrkeras.compression.sparsify import sparsify

__all__ = [
    "CompressionReport",
    "MatrixReport",
    "compress",
    "distill",
    "merge",
    "quantize_aware",
    "sparsify",
]
