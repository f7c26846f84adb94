"""Recurrent cells in two parts: the product with the inputs, and the rest of the step."""

import dataclasses
from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from lrkeras.layers.structured_cell import StructuredCell


@dataclasses.dataclass(frozen=True)
class ProjectedCell:
    """A cell whose inputs are multiplied for all time steps at once.

    Attributes:
        width: Columns of the projected inputs.
        project: From inputs (steps, features) to (steps, width), bias included.
        step: `step(z, states) -> (output, new_states)` with z (1, width).
    """

    width: int
    project: Callable[[Any], Any]
    step: Callable[[Any, list[Any]], tuple[Any, list[Any]]]

    @classmethod
    def of(cls, cell: Any) -> "ProjectedCell | None":
        """Splits a cell; None if it cannot be split, or multiplies inputs and state in one go."""
        if isinstance(cell, StructuredCell):
            if not cell.projects_inputs:
                return None
            width = cell.gates * cell.units  # type: ignore[attr-defined]
            return cls(width, cell.project_inputs, _structured_step(cell))
        # Subclasses may compute anything.
        known = {
            keras.layers.LSTMCell: (4, _lstm_step),
            keras.layers.GRUCell: (3, _gru_step),
            keras.layers.SimpleRNNCell: (1, _simple_step),
        }
        if type(cell) not in known:
            return None
        gates, make = known[type(cell)]
        return cls(gates * cell.units, lambda x: _project(cell, x), make(cell))


def _project(cell: Any, x: Any) -> Any:
    bias = cell.bias
    if bias is not None and len(bias.shape) == 2:  # a GRU that resets after the product has two
        bias = bias[0]
    z = ops.matmul(x, cell.kernel)
    return z if bias is None else z + bias


def _structured_step(cell: Any) -> Callable:
    def step(z: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        with cell.projected():
            return cell.call(z, states)

    return step


def _lstm_step(cell: Any) -> Callable:
    def step(z: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        h, c = states
        gates = ops.split(z + ops.matmul(h, cell.recurrent_kernel), 4, axis=-1)
        i, f, o = (cell.recurrent_activation(gates[index]) for index in (0, 1, 3))
        c = f * c + i * cell.activation(gates[2])
        h = o * cell.activation(c)
        return h, [h, c]

    return step


def _gru_step(cell: Any) -> Callable:
    def step(z: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        h = states[0]
        x_z, x_r, x_h = ops.split(z, 3, axis=-1)
        if cell.reset_after:
            inner = ops.matmul(h, cell.recurrent_kernel)
            if cell.bias is not None:
                inner = inner + cell.bias[1]
            h_z, h_r, h_h = ops.split(inner, 3, axis=-1)
        else:
            columns = 2 * cell.units
            inner = ops.matmul(h, cell.recurrent_kernel[:, :columns])
            h_z, h_r = ops.split(inner, 2, axis=-1)
        update = cell.recurrent_activation(x_z + h_z)
        reset = cell.recurrent_activation(x_r + h_r)
        if cell.reset_after:
            h_h = reset * h_h
        else:
            h_h = ops.matmul(reset * h, cell.recurrent_kernel[:, columns:])
        h = update * h + (1 - update) * cell.activation(x_h + h_h)
        return h, [h]

    return step


def _simple_step(cell: Any) -> Callable:
    def step(z: Any, states: list[Any]) -> tuple[Any, list[Any]]:
        h = cell.activation(z + ops.matmul(states[0], cell.recurrent_kernel))
        return h, [h]

    return step
