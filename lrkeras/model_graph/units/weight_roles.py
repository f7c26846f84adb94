"""Where the layers keep what belongs to their units."""

import dataclasses
from typing import Any

import keras

from lrkeras import layers, legacy_h5
from lrkeras.layers.cifg_cell import CIFGCell

INPUTS, UNITS, PROJECTION = "inputs", "units", "projection"

_MIXING = "its activation may mix units"
_STRUCTURED = "its matrix is a structure: remove units first and compress what is left"

_CELLS = (
    keras.layers.LSTMCell,
    keras.layers.GRUCell,
    keras.layers.SimpleRNNCell,
    layers.LSTMCell,
    layers.GRUCell,
    layers.SimpleRNNCell,
    layers.RHNCell,
    CIFGCell,
)
_RECURRENT = (
    keras.layers.LSTM,
    keras.layers.GRU,
    keras.layers.SimpleRNN,
    layers.LSTM,
    layers.GRU,
    layers.SimpleRNN,
    layers.RHN,
    keras.layers.RNN,
)
_DENSE = (keras.layers.Dense, layers.Dense)
_TABLES = (keras.layers.Embedding, keras.layers.ReversibleEmbedding, layers.Embedding)
# Of each number by itself; softmax, for example, mixes units.
_ELEMENTWISE = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_shrink",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "linear",
    "log_sigmoid",
    "mish",
    "relu",
    "relu6",
    "selu",
    "sigmoid",
    "silu",
    "soft_shrink",
    "softplus",
    "softsign",
    "sparse_plus",
    "sparse_sigmoid",
    "squareplus",
    "tanh",
    "tanh_shrink",
    "threshold",
)
_ELEMENTWISE_FUNCTIONS = {getattr(keras.activations, n, None) for n in _ELEMENTWISE} - {None}
_ELEMENTWISE_FUNCTIONS |= {legacy_h5.hard_sigmoid}  # of every recurrent layer of Keras 2


@dataclasses.dataclass(frozen=True)
class WeightRoles:
    """What lies along each axis of a weight.

    Attributes:
        weight: The variable.
        axes: For each axis a role and how many times it lies there, one after the other (gates);
            or `None` for an axis that has nothing to do with units.
    """

    weight: Any
    axes: tuple[tuple[str, int] | None, ...]


def is_elementwise(activation: Any) -> bool:
    """Whether an activation is known to act on each number by itself."""
    return activation is None or activation in _ELEMENTWISE_FUNCTIONS


def has_known_cells(layer: Any) -> bool:
    """Whether a layer, or both layers of a Bidirectional, run a cell whose units are known."""
    if type(layer) is keras.layers.Bidirectional:
        return has_known_cells(layer.forward_layer) and has_known_cells(layer.backward_layer)
    return type(layer) in _RECURRENT and type(layer.cell) in _CELLS


def is_dense(layer: Any) -> bool:
    """Whether a layer is Dense, Keras's or ours."""
    return type(layer) in _DENSE


def is_table(layer: Any) -> bool:
    """Whether a layer is an embedding, Keras's or ours, of use in reverse or not."""
    return type(layer) in _TABLES


def is_convolution(layer: Any) -> bool:
    """Whether a layer is a convolution whose every filter reads all inputs."""
    if type(layer) is not keras.layers.Conv1D:
        return False
    return layer.groups == 1 and layer.data_format == "channels_last"


def cell_roles(cell: Any) -> tuple[list[WeightRoles], str | None]:
    """The weights of a recurrent cell, and the reason if its units have to stay.

    No weights: what it reads has to stay too.
    """
    functions = (getattr(cell, n, None) for n in ("activation", "recurrent_activation"))
    reason = None if all(is_elementwise(f) for f in functions) else _MIXING
    state = PROJECTION if getattr(cell, "projection_units", None) else UNITS
    found = []
    for weight in cell.weights:
        name = weight.name
        gates = (UNITS, weight.shape[-1] // cell.units)
        if name == "kernel":
            axes: tuple = ((INPUTS, 1), gates)
        elif name.startswith("recurrent_kernel") and len(weight.shape) == 2:
            axes = ((state, 1), gates)
        elif name == "bias":
            axes = (*(None for _ in weight.shape[1:]), gates)
        elif name == "projection_kernel":
            axes = ((UNITS, 1), (PROJECTION, 1))
        else:
            return [], _STRUCTURED
        found.append(WeightRoles(weight, axes))
    return found, reason


def matrix_roles(layer: Any) -> tuple[list[WeightRoles], str | None]:
    """The weights of a Dense or Conv1D layer or of a table; see `cell_roles`."""
    if getattr(layer, "quantization_mode", None) is not None:
        return [], "it is quantised"
    if getattr(layer, "lora_enabled", False):
        return [], "it has LoRA weights, which must be merged first"
    if getattr(layer, "is_structured", False):
        return [], _STRUCTURED
    if is_table(layer):
        return _table_roles(layer), None
    found = []
    for weight in layer.weights:
        before = tuple(None for _ in weight.shape[2:])
        single = len(weight.shape) == 1
        axes: tuple = ((UNITS, 1),) if single else (*before, (INPUTS, 1), (UNITS, 1))
        found.append(WeightRoles(weight, axes))
    return found, None if is_elementwise(layer.activation) else _MIXING


def _table_roles(layer: Any) -> list[WeightRoles]:
    reverse = getattr(layer, "reverse_embeddings", None)
    found = []
    for weight in layer.weights:
        turned = weight is reverse
        found.append(WeightRoles(weight, ((UNITS, 1), None) if turned else (None, (UNITS, 1))))
    return found
