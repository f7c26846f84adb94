"""Callbacks that make a model smaller while it trains: sparse and doped structures, fewer units."""

from lrkeras.callbacks.co_matrix_dropout import CoMatrixDropout
from lrkeras.callbacks.sparsity_annealing import SparsityAnnealing
from lrkeras.callbacks.structure_logger import StructureLogger
from lrkeras.callbacks.unit_pruning import UnitPruning

__all__ = ["CoMatrixDropout", "SparsityAnnealing", "StructureLogger", "UnitPruning"]
