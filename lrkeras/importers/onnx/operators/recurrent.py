"""LSTM, GRU and RNN."""

from __future__ import annotations

import functools
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.dim import Dim
from lrkeras.importers.onnx.graph_inputs import AxesMismatchError
from lrkeras.importers.onnx.node_error import RefusedNodeError
from lrkeras.importers.onnx.operators.gate_activations import gate_activations
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Constant, LastStep, Stack, Tensor, arranged
from lrkeras.layers import LSTM

# Which gate of the file each gate of Keras is: i, o, f, c there and i, f, c, o here.
_GATES = {"LSTM": (0, 2, 3, 1), "GRU": (0, 1, 2), "RNN": (0,)}
_CLASSES = {"LSTM": layers.LSTM, "GRU": layers.GRU, "RNN": layers.SimpleRNN}
_PROJECTION = 8  # the input of an LSTM with projections, after those that ONNX has
_DIRECTIONS = {"forward": 1, "reverse": 1, "bidirectional": 2}


@operator(
    LSTM="keras.layers.LSTM, in keras.layers.Bidirectional for both directions",
    GRU="keras.layers.GRU, with reset_after for linear_before_reset",
    RNN="keras.layers.SimpleRNN",
)
def recurrent(builder: Any, node: Any) -> list[Any]:
    """A recurrent layer; what it returns follows from what the graph reads."""
    x = builder.tensor(node, 0)
    _check(builder, node, x)
    direction = node.attribute("direction", "forward")
    count = _DIRECTIONS[direction]
    kernel, recurrent_kernel = (builder.constant(node, place) for place in (1, 2))
    units = int(recurrent_kernel.shape[1]) // len(_GATES[node.op])
    projection = builder.constant(node, _PROJECTION)
    widths = [int(recurrent_kernel.shape[2]), units][: 2 if node.op == "LSTM" else 1]
    given = [_initial(builder, node, 5 + i, count, x, width) for i, width in enumerate(widths)]
    initial = _by_direction(given, count)
    key = node.outputs[0] or node.outputs[-1]
    use = None if builder.known_use is None else builder.known_use.get(key, set())
    has_sequence = use is None or "sequence" in use
    has_states = use is None or "c" in use or (has_sequence and "h" in use)
    if count == 2 and use is not None and "h" in use:
        has_states = True
    if any(
        not isinstance(value, Constant) and value is not None
        for value in _raw_states(builder, node)
    ):
        has_states = True
    lengths = _lengths(builder, node, x)
    # The end of a sequence is not the last step then, where outputs are zero.
    has_states = has_states or lengths is not None
    name = builder.name(node)
    wanted = {
        "return_sequences": has_sequence,
        "return_state": has_states,
        "zero_output_for_mask": lengths is not None,
    }
    options = [
        {**wanted, "units": units, **_options(node, activations), "use_bias": node.has(3)}
        for activations in gate_activations(node, count)
    ]
    kind = _CLASSES[node.op]
    if projection is not None:
        kind = functools.partial(LSTM, projection_units=widths[0])
    if count == 1:
        layer = kind(**options[0], name=name, go_backwards=direction == "reverse")
    else:
        base = name or keras.utils.get_uid("recurrent")
        forward = kind(**options[0], name=f"forward_{base}")
        backward = kind(**options[1], name=f"backward_{base}", go_backwards=True)
        layer = layers.Bidirectional(forward, backward_layer=backward, name=name)
    time, batch, features = x.axes
    sequence = arranged(x, [batch, time, features])
    states_in = {"initial_state": initial} if initial else {}
    results = layer(sequence, **states_in, **_masked(sequence, lengths))
    bias = builder.constant(node, 3)
    weights = [_weights(node, kernel[d], recurrent_kernel[d], bias, d) for d in range(count)]
    if projection is not None:
        weights = [[*w, p] for w, p in zip(weights, projection, strict=True)]
    layer.set_weights([w for direction_weights in weights for w in direction_weights])
    first, *states = results if has_states else [results]
    if lengths is not None and has_sequence:
        first = ops.multiply(first, 1.0)  # the mask is for this layer, and not for what follows
    y, *rest = _outputs(builder, node, x, widths, first, states, has_sequence)
    return [y if lengths is None else Tensor(y.read, y.layout, y.axes), *rest]


def _lengths(builder: Any, node: Any, x: Tensor) -> Any:
    """The lengths of the sequences, `(batch,)`, or None where they are all steps."""
    value = builder.value(node, 4)
    if not isinstance(value, Tensor):
        return None
    builder.note_lengths(node.inputs[4], x.dims[0])
    return arranged(value, value.axes)


def _masked(sequence: Any, lengths: Any) -> dict[str, Any]:
    """The argument `mask`: steps of `(batch, time, features)` before the end of their sequence."""
    if lengths is None:
        return {}
    numbers = ops.cumsum(ops.ones_like(sequence[:, :, 0]), axis=1)
    ends = ops.expand_dims(ops.cast(lengths, numbers.dtype), 1)
    return {"mask": ops.less_equal(numbers, ends)}


def _check(builder: Any, node: Any, x: Tensor) -> None:
    if node.attribute("layout", 0):
        raise RefusedNodeError(node, "its layout was to be changed to 0 before.")
    if node.attribute("clip") is not None:
        raise RefusedNodeError(
            node,
            f"it clips the sums of its gates (clip={node.attribute('clip')}), which no Keras "
            "layer does.",
            "Train and export it without clip.",
        )
    if node.attribute("input_forget", 0):
        raise RefusedNodeError(
            node,
            "it couples input and forget gate (input_forget=1), which keras.layers.LSTM does not.",
            "Train and export it with input_forget=0.",
        )
    if node.op == "LSTM" and node.has(7) and np.any(builder.constant(node, 7)):
        raise RefusedNodeError(
            node,
            "it has peephole weights (input P), which keras.layers.LSTM has not.",
            "Train and export it without peepholes.",
        )
    batch = x.axes[1]
    if node.has(4):
        lengths = builder.raw(node, 4)
        is_constant = isinstance(lengths, Constant)
        if is_constant and any(n != x.dims[0] for n in lengths.array.flat):
            raise RefusedNodeError(
                node,
                f"its sequence_lens ({node.inputs[4]!r}) are constant, and differ from the length "
                "of its input.",
                "Export the model with the lengths as an input, or without lengths, and give it "
                "sequences of their own length.",
            )
    if isinstance(builder.batch, Dim) and (len(batch) != 1 or batch[0].size != builder.batch):
        for atom in batch:
            if (
                atom.origin is not None
                and builder.plan.batch_axes[atom.origin[0]] != atom.origin[1]
            ):
                raise AxesMismatchError(*atom.origin)
        for name, axis in builder.plan.batch_axes.items():
            if not batch and axis == 0 and builder.plan.file_sizes(name)[1:2] == [1]:
                raise AxesMismatchError(name, 1)  # time-major, exported with a batch of one
        raise RefusedNodeError(
            node,
            f"its input has the shape {x.dims}, whose second axis is not the batch.",
            "Export the model with the batch as an open axis of its inputs; give from_torch "
            "examples with a batch.",
        )


def _options(node: Any, activations: list[Any]) -> dict[str, Any]:
    if node.op == "RNN":
        return {"activation": activations[0]}
    options = {"activation": activations[1], "recurrent_activation": activations[0]}
    if node.op == "GRU":
        options["reset_after"] = bool(node.attribute("linear_before_reset", 0))
    return options


def _weights(node: Any, kernel: Any, recurrent_kernel: Any, bias: Any, direction: int) -> list[Any]:
    order = _GATES[node.op]

    def gates(array: Any) -> Any:
        parts = np.split(np.asarray(array, np.float32), len(order))
        return np.concatenate([parts[gate] for gate in order])

    weights = [gates(kernel).T, gates(recurrent_kernel).T]
    if bias is None:
        return weights
    own, state = (gates(half) for half in np.split(bias[direction], 2))
    if node.op == "GRU" and node.attribute("linear_before_reset", 0):
        return [*weights, np.stack([own, state])]
    return [*weights, own + state]


def _raw_states(builder: Any, node: Any) -> list[Any]:
    return [builder.raw(node, place) for place in (5, 6)]


def _initial(
    builder: Any, node: Any, place: int, count: int, x: Tensor, units: int
) -> list[Any] | None:
    """The initial state of each direction, (N, H), or None for zeros."""
    value = builder.raw(node, place)
    if value is None:
        return None
    if isinstance(value, Constant):
        array = np.asarray(value.array, np.float32)
        if not array.any():
            return None
        if array.shape[1] != 1:
            raise RefusedNodeError(
                node,
                f"its initial state {node.inputs[place]!r} is another one for each sequence.",
                "Export the model with a batch of one, or with the state as an input.",
            )
        array = np.broadcast_to(array, (count, 1, units))
        return [_constant_state(x, array[d]) for d in range(count)]
    if isinstance(value, Tensor) and count == 1 and not value.axes[0]:
        parts = [value.seen_as(value.axes[1:])]
    elif isinstance(value, Tensor):
        layout = [value.axes[1], value.axes[0], value.axes[2]]
        whole = arranged(value, layout)
        parts = [
            Tensor(whole[:, d], [layout[0], layout[2]], [layout[0], layout[2]])
            for d in range(count)
        ]
    else:
        parts = value.parts
    return [arranged(part, part.axes) for part in parts]


def _constant_state(x: Tensor, row: np.ndarray) -> Any:
    """One row for each sequence of the batch."""
    time, batch, features = x.axes
    some = arranged(x, [batch, time, features])[:, 0, :1]
    return ops.add(ops.multiply(some, 0.0), row[0])


def _by_direction(given: list[list[Any] | None], count: int) -> list[Any]:
    if all(states is None for states in given):
        return []
    known = next(states for states in given if states is not None)
    filled = [states or [ops.zeros_like(state) for state in known] for states in given]
    return [states[d] for d in range(count) for states in filled]


def _outputs(
    builder: Any,
    node: Any,
    x: Tensor,
    widths: list[int],
    first: Any,
    states: list[Any],
    has_sequence: bool,
) -> list[Any]:
    direction = node.attribute("direction", "forward")
    time, batch, _ = x.axes
    count = _DIRECTIONS[direction]
    per_direction = len(states) // count if states else 0
    hidden = Atom(widths[0])

    def state(index: int, what: str) -> Stack:
        parts = []
        for d in range(count):
            tensor: Any = None  # nothing reads it, but it may stand between states that are read
            if states:
                tensor = states[d * per_direction + index]
            elif not index and count == 1:
                tensor = first
            read = builder.reader(node, what, tensor)
            axes = [batch, (Atom(widths[index]),)]
            parts.append(Tensor(read, axes, axes))
        return Stack(parts)

    h = state(0, "h")
    c = state(1, "c") if node.op == "LSTM" else None
    sequence = first
    if direction == "reverse" and has_sequence:
        sequence = ops.flip(first, axis=1)
    directions = (Atom(2),) if count == 2 else ()
    layout = [batch, time, (*directions, hidden)]
    last = None
    if count == 1 and time:
        place = 0 if direction == "reverse" else -1
        end = first if not has_sequence else states[0] if states else None
        if end is not None:
            last = LastStep(time[0], place, builder.reader(node, "h", end))
    y = Tensor(
        builder.reader(node, "sequence", sequence),
        layout,
        [time, directions, batch, (hidden,)],
        last,
    )
    return [y, h, c]
