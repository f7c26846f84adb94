"""Regularisers of matrices that are never stored whole."""

import keras


class MatrixRegularizer(keras.regularizers.Regularizer):
    """Penalties on the dense form of a structure, which one of its variables carries.

    Keras collects the regularisers of all trainable variables of a model, whatever layer or
    wrapper calls the owner, and counts each once; so a structured matrix has its penalty where a
    dense one would.

    Args:
        structure: The built structure.
    """

    def __init__(self, structure):
        self._structure = structure
        self._penalties = []

    @classmethod
    def attach(cls, structure, regularizer, rows=slice(None)):
        """Penalises some rows of a structure's matrix while the structure is trainable.

        Args:
            structure: A built structure.
            regularizer: A function of a matrix, such as a Keras regulariser, or `None`.
            rows: The rows (inputs) that it sees.
        """
        if regularizer is None:
            return
        # The first variable is the structure's own, also where another is shared by a group.
        carrier = structure.trainable_variables[0]
        if carrier.regularizer is None:
            carrier.regularizer = cls(structure)
        carrier.regularizer._penalties.append((regularizer, rows))

    def __call__(self, variable):
        """The sum of the penalties; the variable's value is part of the dense form."""
        matrix = self._structure.to_dense()
        return sum(regularizer(matrix[rows]) for regularizer, rows in self._penalties)
