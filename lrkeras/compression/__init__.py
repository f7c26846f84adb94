"""Making trained models smaller."""

from lrkeras.compression.compress import compress
from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.distill import distill
from lrkeras.compression.matrix_report import MatrixReport
from lrkeras.compression.merge import merge
from lrkeras.compression.quantize_aware import quantize_aware
from lrkeras.compression.sparsify import sparsify
from lrkeras.compression.units.prune_units import prune_units
from lrkeras.compression.units.shrink import shrink
from lrkeras.compression.units.unit_report import UnitReport

__all__ = [
    "CompressionReport",
    "MatrixReport",
    "UnitReport",
    "compress",
    "distill",
    "merge",
    "prune_units",
    "quantize_aware",
    "shrink",
    "sparsify",
]
