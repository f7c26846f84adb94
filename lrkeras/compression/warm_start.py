"""Starting the training of a structured matrix from a trained dense one."""

import numpy as np
from keras import ops

from lrkeras.structures import Concatenated, Sparse, Structure, Sum


def warm_start(structure: Structure, matrix) -> None:
    """Sets a built structure to a trained matrix, for training that makes it sparse step by step.

    `from_dense` puts a sparse part at its target density at once. Here it starts dense and holds
    what the other parts leave of the matrix, so that the structure is the matrix at first, and
    `lrkeras.callbacks.SparsityAnnealing` takes it down while the other weights make up for it.
    Structures without a sparse part are fitted as by `from_dense`.

    Args:
        structure: A built structure.
        matrix: Array of its shape, (inputs, outputs).

    Raises:
        ValueError: If the shapes differ.
    """
    matrix = np.asarray(ops.convert_to_numpy(matrix), np.float64)
    if not structure.built or matrix.shape != tuple(structure.shape):
        raise ValueError(
            f"Expected a built structure of the matrix's shape {matrix.shape}. Received: "
            f"{structure.shape if structure.built else 'one that is not built'}"
        )
    if isinstance(structure, Concatenated):
        columns = np.split(matrix, len(structure.parts), axis=1)
        for part, block in zip(structure.parts, columns, strict=True):
            warm_start(part, block)
    elif isinstance(structure, Sum):
        rest = matrix
        for part in sorted(structure.parts, key=lambda p: isinstance(p, Sparse)):
            warm_start(part, rest)
            rest = rest - np.asarray(ops.convert_to_numpy(part.to_dense()))
    elif isinstance(structure, Sparse):
        structure.mask.assign(np.ones(structure.mask.shape, bool))
        structure.values.assign(matrix)
    else:
        structure.from_dense(matrix)
