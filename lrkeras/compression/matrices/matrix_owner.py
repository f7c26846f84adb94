"""Layers that own weight matrices, seen alike whatever their class."""

import math

import numpy as np
from keras import ops

from lrkeras import structures


class MatrixOwner:
    """A layer with weight matrices that may become structures.

    Args:
        layer: The built layer or cell.
        path: Names of the layers it lies in and its own, joined by `/`.

    Attributes:
        roles: Names of its matrices: `kernel`, `recurrent`, `joint` or `embeddings`.
        optional_roles: Matrices that may be addressed in place of some of these: `joint`, the
            matrix over `[x; h]`, for `kernel` and `recurrent`.
        words_axis: The side of the matrix that may be words: 0 for the rows of a table, 1 for the
            outputs of a dense layer, `None` where neither is.
    """

    roles: tuple[str, ...] = ("kernel",)
    optional_roles: tuple[str, ...] = ()
    words_axis: int | None = None

    def __init__(self, layer, path):
        self.layer, self.path = layer, path

    def value(self, role):
        """The matrix as it is now, float64, `(inputs, outputs)`."""
        return np.asarray(ops.convert_to_numpy(self._tensor(role)), np.float64)

    def held(self, role):
        """The structures that make the matrix, side by side; an empty list if it is dense."""
        structure = getattr(self.layer, f"{self.roles[0]}_structure", None)
        return [] if structure is None else [structure]

    def refusal(self, role):
        """Why the matrix has to stay as it is, or `None`."""
        if getattr(self.layer, "quantization_mode", None) is not None:
            return "protected: it is quantised"
        if getattr(self.layer, "lora_enabled", False):
            return "protected: it has LoRA weights, which must be merged first"
        if getattr(self.layer, f"{role}_constraint", None) is not None:
            return f"protected: its {role}_constraint needs the whole matrix"
        return None

    def build(self, role, spec, gate_layout="per_gate"):
        """The structures that `replaced` would give this matrix, built but not fitted.

        Raises:
            ValueError: If the matrix cannot have the structure.
        """
        structure = spec.copy(name=role)
        structure.build(self.shape(role), self.overhead(role))
        return [structure]

    def part_count(self, role, gate_layout="per_gate"):
        """Number of equal structures, side by side, that `build` makes the matrix of."""
        return 1

    def part_overhead(self, role, gate_layout="per_gate"):
        """Biases that count for each of these."""
        return self.overhead(role)

    def shape(self, role):
        """`(inputs, outputs)` of a matrix."""
        return tuple(self._tensor(role).shape)

    def overhead(self, role):
        """Biases beside the matrix, which count when a `compression` is resolved."""
        bias = getattr(self.layer, "bias", None)
        return 0 if bias is None else math.prod(bias.shape)

    def rest(self, layer=None):
        """The weights beside the matrices, by name; of a replacement if one is given."""
        layer = self.layer if layer is None else layer
        inside = {id(w) for s in structures.find_structures(layer) for w in s.weights}
        return {w.name: w for w in layer.weights if id(w) not in inside}

    def copy_weights(self, new, fitted=()):
        """Gives a replacement, built, the weights of this layer.

        Matrices of the roles in `fitted` are left alone.
        """
        target = type(self)(new, self.path)
        mine = self.rest()
        for role in target.roles:
            if role not in fitted and role in self.roles:
                self._copy_matrix(target, role)
        for name, weight in target.rest().items():
            if name not in target.dense_names() and name in mine:
                weight.assign(mine[name])

    def _copy_matrix(self, target, role):
        own, new = self.held(role), target.held(role)
        if new:
            for old_structure, new_structure in zip(own, new, strict=True):
                for old, weight in zip(old_structure.weights, new_structure.weights, strict=True):
                    weight.assign(old)
        else:
            target.assign_dense(role, self.value(role))

    def dense_names(self):
        """Names of the variables that hold dense matrices."""
        return self.roles

    def assign_dense(self, role, value):
        """Sets a matrix that is not a structure."""
        self._tensor(role).assign(value)
