"""Callbacks that train sparse and doped structures."""

from lrkeras.callbacks.co_matrix_dropout import CoMatrixDropout
from lrkeras.callbacks.sparsity_annealing import SparsityAnnealing
from lrkeras.callbacks.structure_logger import StructureLogger

__all__ = ["CoMatrixDropout", "SparsityAnnealing", "StructureLogger"]
