"""Matrices side by side: one structure for each gate."""

import keras
from keras import ops

from lrkeras.structures.composite import Composite


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class Concatenated(Composite):
    """`W = [W_1 W_2 ...]`: parts with the same inputs, their outputs one after the other.

    `W` has the shape `(inputs, outputs)`, each `W_i` the shape `(inputs, outputs / count)`. What
    `gate_layout="per_gate"` makes of a structure: one matrix for each gate, each with a size and a
    fit of its own. Layers make it; `compression` belongs to the part.

    Args:
        part: The structure that each part is a copy of.
        count: Number of parts, of equal width.
    """

    def __init__(self, part, count, **kwargs):
        super().__init__(**kwargs)
        if isinstance(part, dict):
            part = keras.saving.deserialize_keras_object(part)
        self.parts = [part.copy(name=f"part_{i}", dtype=self.dtype_policy) for i in range(count)]

    @property
    def multiplies_by_factor(self):
        return all(part.multiplies_by_factor for part in self.parts)

    def _create_weights(self, init):
        inputs, outputs = self.shape
        if outputs % len(self.parts):
            raise ValueError(
                f"{len(self.parts)} parts of equal width cannot make {outputs} outputs."
            )
        count = len(self.parts)
        for part in self.parts:
            part.build((inputs, outputs // count), self.overhead // count, init)

    def matmul(self, x, training=False):
        return type(self.parts[0]).matmul_side_by_side(self.parts, x, training)

    def product_of_rows(self, first, last):
        return type(self.parts[0]).product_of_rows_side_by_side(self.parts, first, last)

    @property
    def macs(self):
        return type(self.parts[0]).macs_side_by_side(self.parts)

    def matmul_transpose(self, y):
        pieces = ops.split(y, len(self.parts), axis=-1)
        return sum(p.matmul_transpose(z) for p, z in zip(self.parts, pieces, strict=True))

    def rows(self, ids):
        return ops.concatenate([p.rows(ids) for p in self.parts], axis=-1)

    def to_dense(self, training=False):
        return type(self.parts[0]).side_by_side(self.parts, training)

    def column_blocks(self):
        return list(self.parts)

    def describe(self):
        return f"{len(self.parts)} x ({self.parts[0].describe()})"

    def fit(self, w, weighting=None, method=None):
        w = self._checked(w)
        for part, columns in self._columns():
            inner = None if weighting is None else weighting.columns(columns)
            part.fit(w[:, columns], inner, method)
        return self

    def warm_start(self, w):
        w = self._checked(w)
        for part, columns in self._columns():
            part.warm_start(w[:, columns])
        return self

    def _columns(self):
        width = self.shape[1] // len(self.parts)
        return [(part, slice(n * width, (n + 1) * width)) for n, part in enumerate(self.parts)]

    def copy(self, **overrides):
        config = {"name": self.name, "dtype": self.dtype_policy, **overrides}
        return type(self)(self.parts[0], len(self.parts), **config)

    def get_config(self):
        part = keras.saving.serialize_keras_object(self.parts[0])
        return {**super().get_config(), "part": part, "count": len(self.parts)}
