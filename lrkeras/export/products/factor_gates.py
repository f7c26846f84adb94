"""Products with the factors of all gates, the left ones in one node."""

from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.structures import Hybrid, LowRank

# Inputs of a concatenation that XNNPACK runs.
_MOST = 4


class LowRankGates:
    """Products with low-rank matrices of several gates: `[v L_1 R_1, v L_2 R_2, ...]`.

    The left factors lie side by side and are one product.

    Args:
        gates: A built `LowRank` for each gate.
        scale: float, (outputs of all gates,): factor of each output, equal within a gate.
    """

    def __init__(self, gates: list[LowRank], scale: np.ndarray):
        self._left = _constant([_numbers(gate.left) for gate in gates])
        self._ends = np.cumsum([gate.left.shape[1] for gate in gates]).tolist()
        scales = scale.reshape(len(gates), -1)[:, 0]
        pairs = zip(gates, scales, strict=True)
        self._rights = [_constant([_numbers(gate.right) * s]) for gate, s in pairs]

    def __call__(self, v: Any) -> Any:
        """Product with v (..., inputs): (..., outputs of all gates)."""
        inner = ops.matmul(v, self._left)
        pieces = zip(_pieces(inner, self._ends), self._rights, strict=True)
        return ops.concatenate([ops.matmul(piece, right) for piece, right in pieces], axis=-1)


class HybridGates:
    """Products with hybrid matrices of several gates, or with one.

    The unconstrained outputs and the two numbers that the others are made of, one for each half
    of the input, are one product for all gates: the column of a half has zeros over the other one,
    which costs `inputs` numbers a gate and saves a slice and a product for each half.

    Args:
        gates: A built `Hybrid` for each gate.
        scale: float, (outputs of all gates,): factor of each output, equal within a gate. Default:
            1.
    """

    def __init__(self, gates: list[Hybrid], scale: np.ndarray | None = None):
        scales = np.ones(len(gates)) if scale is None else scale.reshape(len(gates), -1)[:, 0]
        parts, widths = [], []
        for gate, s in zip(gates, scales, strict=True):
            upper, columns = _numbers(gate.upper) * s, _numbers(gate.columns)
            first = np.arange(len(columns)) < gate.half
            parts += [upper, columns[:, None] * np.stack([first, ~first], axis=1)]
            widths += [upper.shape[1], 2]
        self._both = _constant(parts)
        self._ends = np.cumsum(widths).tolist()
        pairs = zip(gates, scales, strict=True)
        self._lower = [_constant([_numbers(gate.lower) * s]) for gate, s in pairs]

    def __call__(self, v: Any) -> Any:
        """Product with v (..., inputs): (..., outputs of all gates)."""
        pieces = _pieces(ops.matmul(v, self._both), self._ends)
        outputs = []
        for upper, halves, lower in zip(pieces[::2], pieces[1::2], self._lower, strict=True):
            outputs += [upper, ops.matmul(halves, lower)]
        while len(outputs) > 1:
            outputs = [_joined(outputs[i : i + _MOST]) for i in range(0, len(outputs), _MOST)]
        return outputs[0]


def _numbers(weight: Any) -> np.ndarray:
    return np.asarray(ops.convert_to_numpy(weight), np.float32)


def _constant(side_by_side: list[np.ndarray]) -> keras.Variable:
    # Converters take large variables faster than large constants.
    value = np.concatenate(side_by_side, axis=1).astype(np.float32)
    return keras.Variable(value, trainable=False, dtype="float32")


def _joined(pieces: list[Any]) -> Any:
    return ops.concatenate(pieces, axis=-1) if len(pieces) > 1 else pieces[0]


def _pieces(x: Any, ends: list[int]) -> list[Any]:
    """`x` cut at its last axis. XNNPACK runs slices, and no split into pieces of several widths."""
    return [x[..., first:last] for first, last in zip([0, *ends], ends, strict=False)]
