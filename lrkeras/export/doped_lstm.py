"""The step of an LSTM whose matrices are sums of a structure and a sparse part."""

from typing import Any

import keras
import numpy as np
from keras import activations, ops

from lrkeras.export.block_sparse_filter import BLOCK, MAX_COLUMN_BLOCKS, block_density
from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.kronecker_gates import KroneckerGates
from lrkeras.structures import Concatenated, Kronecker, Sparse, Sum, ToeplitzLike

# Above this share of stored blocks a dense int8 product is faster.
_MAX_BLOCK_DENSITY = 0.3
_GATES = 4


class DopedLSTM:
    """Computes all four gates with one sparse product and one tanh.

    With `sigmoid(z) = tanh(z / 2) / 2 + 1 / 2` the gates are
    `tanh(S [x; h] + rest)`, where the rows of the sigmoid gates in the sparse matrix `S`, in the
    structured part and in the bias are halved. `doped_fusion.fuse_doped` turns that into one node.

    Args:
        cell: A built `lrkeras.layers.LSTMCell` for which `DopedLSTM.refusal` is None.

    Attributes:
        weight: float32, (4 * units, columns): `S` as the file's filter has it.
        variable: The same, transposed, as the variable that the step multiplies by.
    """

    def __init__(self, cell: Any):
        self._cell = cell
        self._scale = np.repeat(np.array([0.5, 0.5, 1.0, 0.5], np.float32), cell.units)
        self._bias = None if cell.bias is None else _numpy(cell.bias) * self._scale
        self._width = sum(width for _, _, width in _matrices(cell))
        columns, self._rest = [], []
        for reads, structure, width in _matrices(cell):
            sparse = _sparse_part(structure)
            # A matrix without a sparse part still has columns here when it lies between others.
            columns.append(np.zeros((width, len(self._scale)), np.float32))
            if sparse is not None:
                columns[-1] = sparse
            self._rest.append((reads, self._base(reads, structure)))
        weight = np.concatenate(columns) * self._scale
        padding = -len(weight) % BLOCK
        self._padding = np.zeros((1, padding), np.float32)
        weight = np.pad(weight, ((0, padding), (0, 0)))
        self.weight = np.ascontiguousarray(weight.T)
        # The converter takes minutes over large constants, but not over variables.
        self.variable = keras.Variable(weight, trainable=False, dtype="float32")

    @staticmethod
    def refusal(cell: Any) -> str | None:
        """Why this form does not fit a cell, or None if it does."""
        parts = [_sparse_part(structure) for _, structure, _ in _matrices(cell)]
        if all(part is None for part in parts):
            return "no sparse part"
        if cell.activation is not activations.tanh:
            return "its activation is not tanh"
        if cell.recurrent_activation is not activations.sigmoid:
            return "its recurrent activation is not sigmoid"
        columns = sum(width for _, _, width in _matrices(cell))
        if columns > MAX_COLUMN_BLOCKS * BLOCK:
            raise ConversionError(
                f"Expected a sparse part over at most {MAX_COLUMN_BLOCKS * BLOCK} columns, "
                f"received {columns} (inputs and state) in the cell `{cell.name}`: the runtime "
                "keeps the column of a block of 16 in one byte. Use fewer units, projection_units, "
                "or quantize=None, which stores the sparse part as a dense matrix."
            )
        sparse = [
            np.zeros((w, 1)) if p is None else p
            for p, (_, _, w) in zip(parts, _matrices(cell), strict=True)
        ]
        wide = [np.broadcast_to(p, (len(p), _GATES * cell.units)) for p in sparse]
        density = block_density(np.concatenate(wide).T)
        if density > _MAX_BLOCK_DENSITY:
            return (
                f"{density:.0%} of its 1x16 blocks hold a weight, more than "
                f"{_MAX_BLOCK_DENSITY:.0%}: block=(1, 16) keeps them together"
            )
        return None

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
        per_gate = [_structured(part) for part in _parts(structure)]
        if not any(per_gate):
            return None
        if len(per_gate) == _GATES and all(_is_kronecker(parts) for parts in per_gate):
            return KroneckerGates([parts[0] for parts in per_gate], self._scale)

        products = [[_product_of(term) for term in terms] for terms in per_gate]

        def product(v: Any) -> Any:
            gates = [sum(multiply(v) for multiply in gate) for gate in products]
            return (ops.concatenate(gates, axis=-1) if len(gates) > 1 else gates[0]) * self._scale

        return product


def _product_of(term: Any) -> Any:
    if not isinstance(term, ToeplitzLike):
        return term.matmul
    dense = _numpy(term.to_dense())  # its product needs an FFT, which the runtime does not have
    return lambda v: ops.matmul(v, dense)


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


def _parts(structure: Any) -> list[Any]:
    return structure.parts if isinstance(structure, Concatenated) else [structure]


def _terms(part: Any) -> list[Any]:
    return part.parts if isinstance(part, Sum) else [part]


def _structured(part: Any) -> list[Any]:
    return [term for term in _terms(part) if not isinstance(term, Sparse)]


def _is_kronecker(terms: list[Any]) -> bool:
    return len(terms) == 1 and isinstance(terms[0], Kronecker)


def _sparse_part(structure: Any) -> np.ndarray | None:
    """The sum of a structure's sparse terms, (rows, outputs), or None if it has none."""
    if structure is None:
        return None
    gates, found = [], False
    for part in _parts(structure):
        total = np.zeros(part.shape, np.float32)
        for term in _terms(part):
            if isinstance(term, Sparse):
                found = True
                total += _numpy(term.to_dense())
        gates.append(total)
    return np.concatenate(gates, axis=1) if found else None
