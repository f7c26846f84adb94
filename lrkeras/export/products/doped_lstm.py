"""The step of an LSTM whose matrices are sums of a structure and a sparse part."""

from typing import Any

import keras
import numpy as np
from keras import activations, ops

from lrkeras.export.passes.sparse_filter import SparseFilter
from lrkeras.export.products.product_choice import base_form, sparse_forms
from lrkeras.export.products.product_costs import INT8_BLOCKS, ProductForm, dense_form
from lrkeras.export.products.structured_base import base_product, base_terms, sparse_part
from lrkeras.export.quantization import INT8
from lrkeras.export.tflite.sparse_tensor import BLOCK, MAX_COLUMN_BLOCKS, block_density

_GATES = 4


class DopedLSTM:
    """Computes all four gates with one sparse product and one tanh.

    With `sigmoid(z) = tanh(z / 2) / 2 + 1 / 2` the gates are
    `tanh(S [x; h] + rest)`, where the rows of the sigmoid gates in the sparse matrix `S`, in the
    structured part and in the bias are halved. `fuse_block_sparse` turns that into one node.

    Args:
        cell: A built `lrkeras.layers.LSTMCell` for which `DopedLSTM.refusal` is None.

    Attributes:
        filter: `S`, (4 * units, columns), as the file shall hold it.
        variable: The same matrix, transposed, as the variable that the step multiplies by.
    """

    def __init__(self, cell: Any):
        self._cell = cell
        self._scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), cell.units)
        self._bias = None if cell.bias is None else _numpy(cell.bias) * self._scale
        self._rest = [
            (reads, self._base(reads, structure)) for reads, structure, _ in _matrices(cell)
        ]
        weight = _sparse(cell).T * self._scale
        padding = -len(weight) % BLOCK
        self._padding = np.zeros((1, padding), np.float32)
        weight = np.pad(weight, ((0, padding), (0, 0)))
        self.filter = SparseFilter(np.ascontiguousarray(weight.T), BLOCK, is_int8=True)
        # The converter takes minutes over large constants, but not over variables.
        self.variable = keras.Variable(weight, trainable=False, dtype="float32")

    @staticmethod
    def refusal(cell: Any) -> str | None:
        """Why this form does not fit a cell, or None if it does."""
        parts = [sparse_part(structure) for _, structure, _ in _matrices(cell)]
        if all(part is None for part in parts):
            return "no sparse part"
        if cell.activation is not activations.tanh:
            return "its activation is not tanh"
        if cell.recurrent_activation is not activations.sigmoid:
            return "its recurrent activation is not sigmoid"
        forms = DopedLSTM.forms(cell)
        if forms[0].name == INT8_BLOCKS:
            return None
        if all(form.name != INT8_BLOCKS for form in forms):
            return (
                f"it is over more than {MAX_COLUMN_BLOCKS * BLOCK} columns, inputs and state, and "
                "the runtime keeps the column of a block of 16 in one byte: use projection_units"
            )
        share = block_density(_sparse(cell))
        return (
            f"{share:.0%} of its 1x16 blocks hold a weight, with which a {forms[0].name} costs "
            "less: block=(1, 16) keeps them together"
        )

    @staticmethod
    def forms(cell: Any) -> list[ProductForm]:
        """The forms of the product of all matrices of a cell with sparse parts, best first."""
        sparse, us, size = _sparse(cell), 0.0, 0
        for _, structure, width in _matrices(cell):
            if structure is None:
                base = dense_form(len(sparse), width, INT8)
            elif any(base_terms(structure)):
                base = base_form(structure) or dense_form(len(sparse), width, INT8)
            else:
                continue
            us, size = us + base.us, size + base.bytes
        found = [
            ProductForm(form.name, form.us + us, form.bytes + size)
            for form in sparse_forms(sparse, INT8)
        ]
        found.append(dense_form(len(sparse), sparse.shape[1], INT8))
        return sorted(found, key=lambda form: form.score)

    def __call__(self, x: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        """One step: x (1, inputs), states [h, c] -> (output, [h, c])."""
        h, c = states
        joint = ops.concatenate([x, h], axis=-1)
        padded = joint
        if self._padding.size:
            padded = ops.concatenate([x, h, self._padding], axis=-1)
        sources = {"x": x, "h": h, "joint": joint}
        terms = [rest(sources[reads]) for reads, rest in self._rest if rest is not None]
        rest = sum(terms[1:], terms[0]) if terms else ops.zeros((1, len(self._scale)))
        if self._bias is not None:
            rest = rest + self._bias
        gates = ops.tanh(ops.matmul(padded, self.variable) + rest)
        i, f, candidate, o = ops.split(gates, _GATES, axis=-1)
        c = _half(f) * c + _half(i) * candidate
        h = _half(o) * ops.tanh(c)
        if self._cell.projection_units is not None:
            h = ops.matmul(h, self._cell.projection_kernel)
        return h, [h, c]

    def _base(self, reads: str, structure: Any) -> Any:
        """`base(v)` is the scaled product with all but the sparse part; None if that is all."""
        if structure is None:
            name = "kernel" if reads == "x" else "recurrent_kernel"
            dense = _numpy(getattr(self._cell, name)) * self._scale
            return lambda v: ops.matmul(v, dense)
        return base_product(structure, self._scale)


def _half(tanh_of_half: Any) -> Any:
    """The sigmoid, from the tanh of half its argument."""
    return tanh_of_half * 0.5 + 0.5


def _numpy(tensor: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(tensor), np.float32)


def _matrices(cell: Any) -> list[tuple[str, Any, int]]:
    """(what it reads, structure or None, number of rows) of the cell's matrices, in file order."""
    state = cell.projection_units or cell.units
    if cell.joint_structure is not None:
        return [("joint", cell.joint_structure, cell.joint_structure.shape[0])]
    inputs = _numpy(cell.kernel).shape[0]
    return [("x", cell.kernel_structure, inputs), ("h", cell.recurrent_structure, state)]


def _sparse(cell: Any) -> np.ndarray:
    """The sparse parts of all matrices of a cell, (outputs, columns), zeros where is none."""
    columns = []
    for _, structure, width in _matrices(cell):
        part = sparse_part(structure)
        columns.append(np.zeros((width, _GATES * cell.units), np.float32) if part is None else part)
    return np.concatenate(columns).T
