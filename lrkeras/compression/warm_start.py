"""Starting the training of a structured matrix from a trained dense one."""

import numpy as np
from keras import ops

from lrkeras.structures import Structure


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
    structure.warm_start(matrix)
