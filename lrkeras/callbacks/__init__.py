"""Callbacks that make a model smaller while it trains: sparse and doped structures, fewer units.

`sparsity_annealing.py` is the file to read first. `co_matrix_dropout.py` and `unit_pruning.py` act
on training too, `structure_logger.py` only watches; what those that look for structures share is
in `structure_callback.py`.
"""

from lrkeras.callbacks.co_matrix_dropout import CoMatrixDropout
from lrkeras.callbacks.sparsity_annealing import SparsityAnnealing
from lrkeras.callbacks.structure_logger import StructureLogger
from lrkeras.callbacks.unit_pruning import UnitPruning

__all__ = ["CoMatrixDropout", "SparsityAnnealing", "StructureLogger", "UnitPruning"]
