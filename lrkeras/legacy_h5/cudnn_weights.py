"""From the weights of Keras 2's CuDNN layers to those of `keras.layers.LSTM` and `GRU`.

cuDNN multiplies with matrices of shape (units, inputs), one for each gate. Keras 2 kept the memory
of each in its order and called it (inputs, units), the gates side by side; so a gate is turned over
by reading it with its real shape and transposing. The order of the gates is that of the plain
layers: i, f, c, o in an LSTM, z, r, h in a GRU.

cuDNN adds two bias vectors: one with the inputs, one with the state. In an LSTM only their sum
counts. In a GRU the reset gate multiplies the second one, which is `reset_after=True`.
"""

from __future__ import annotations

import keras
import numpy as np

GATES = {keras.layers.LSTM: 4, keras.layers.GRU: 3}


def is_cudnn(layer: keras.layers.Layer, shapes: list[tuple[int, ...]]) -> bool:
    """Whether arrays of these shapes are those of a CuDNN layer that became `layer`.

    Only CuDNN layers have one flat bias vector that is twice as long as the gates are wide.

    Raises:
        ValueError: they are those of a `CuDNNGRU`, and `layer` is not `reset_after`.
    """
    gates = gates_of(layer)
    if gates is None or len(shapes) != 3 or shapes[2] != (2 * gates * layer.units,):
        return False
    if gates == 3 and not layer.reset_after:
        raise ValueError(
            f"The file holds the weights of a CuDNNGRU for the layer {layer.name!r}, which is a "
            "GRU with reset_after=False. Build that layer with reset_after=True."
        )
    return True


def gates_of(layer: keras.layers.Layer) -> int | None:
    """Returns the number of gates of an LSTM or a GRU, and None for another layer."""
    return next((gates for kind, gates in GATES.items() if isinstance(layer, kind)), None)


def from_cudnn(weights: list[np.ndarray], gates: int) -> list[np.ndarray]:
    """Returns `[kernel, recurrent_kernel, bias]` of the plain layer.

    Args:
        weights: those of the CuDNN layer, of the shapes `(inputs, gates * units)`,
            `(units, gates * units)` and `(2 * gates * units,)`.
        gates: 4 for an LSTM, 3 for a GRU.

    Returns:
        Arrays of the same shapes; the bias is `(4 * units,)` for an LSTM and `(2, 3 * units)` for
        a GRU.
    """
    kernel, recurrent_kernel, bias = weights
    pair = bias.reshape(2, -1)
    return [
        _turned(kernel, gates),
        _turned(recurrent_kernel, gates),
        pair.sum(axis=0) if gates == 4 else pair,
    ]


def _turned(kernel: np.ndarray, gates: int) -> np.ndarray:
    inputs, units = kernel.shape[0], kernel.shape[1] // gates
    split = np.split(kernel, gates, axis=1)
    return np.concatenate([gate.reshape(units, inputs).T for gate in split], axis=1)
