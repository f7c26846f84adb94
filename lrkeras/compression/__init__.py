"""Making trained models smaller."""

from lrkeras.compression.compress import compress
from lrkeras.compression.compression_report import CompressionReport
from lrkeras.compression.distill import distill
from lrkeras.compression.matrix_report import MatrixReport
from lrkeras.compression.merge import merge
from lrkeras.compression.sparsify import sparsify

__all__ = ["CompressionReport", "MatrixReport", "compress", "distill", "merge", "sparsify"]
