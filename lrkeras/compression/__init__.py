"""Making trained models smaller."""

from lrkeras.compression.sparsify import sparsify

__all__ = ["sparsify"]
