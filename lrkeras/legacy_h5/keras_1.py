"""Files of Keras 1: other names of arguments, and an array for each gate.

Keras 2 read them too, until TensorFlow took it over; the translation here is the same.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

import h5py
import keras
import numpy as np

Config = dict[str, Any]

_CLASSES = {
    "AtrousConvolution1D": "Conv1D",
    "Convolution1D": "Conv1D",
    "Convolution2D": "Conv2D",
    "TimeDistributedDense": "TimeDistributed",
}
_ARGUMENTS = {
    "b_constraint": None,
    "b_regularizer": None,
    "W_constraint": None,
    "W_regularizer": None,
    "U_regularizer": None,
    "activity_regularizer": None,
    "atrous_rate": "dilation_rate",
    "beta_init": "beta_initializer",
    "bias": "use_bias",
    "border_mode": "padding",
    "consume_less": None,
    "dim_ordering": None,
    "dropout_U": "recurrent_dropout",
    "dropout_W": "dropout",
    "filter_length": "kernel_size",
    "forget_bias_init": None,
    "gamma_init": "gamma_initializer",
    "init": "kernel_initializer",
    "inner_activation": "recurrent_activation",
    "inner_init": "recurrent_initializer",
    "mode": None,
    "nb_filter": "filters",
    "output_dim": "units",
    "p": "rate",
    "pool_length": "pool_size",
    "stride": "strides",
    "subsample_length": "strides",
    "weights": None,
    "input_dim": None,
    "input_length": None,
}
# Arguments that keep their names in a class.
_KEPT = {"Embedding": {"input_dim", "output_dim", "weights"}}
_REFUSED = {
    "Highway": "Keras 2 has no such layer",
    "MaxoutDense": "Keras 2 has no such layer",
    "Merge": "it became Concatenate, Add and others, which are called otherwise",
}
# Where the four gates i, f, c, o of an LSTM, and the three of a GRU, are among its arrays.
_GATES = {keras.layers.LSTM: (0, 6, 3, 9), keras.layers.GRU: (0, 3, 6)}


def keras_2_config(entry: Config) -> Config:
    """The configuration of a layer or a model of Keras 1 as Keras 2 writes it.

    Raises:
        ValueError: Keras 2 has no such layer.
    """
    kind, config = entry["class_name"], entry["config"]
    if kind in _REFUSED:
        name = config.get("name") if isinstance(config, dict) else None
        raise ValueError(
            f"The layer {name!r} is a {kind!r} of Keras 1: {_REFUSED[kind]}. Build the model in "
            "Python and pass it as model=."
        )
    if isinstance(config, list):
        return {**entry, "config": [keras_2_config(layer) for layer in config]}
    if "layers" in config:
        layers = [keras_2_config(layer) for layer in config["layers"]]
        return {**entry, "config": {**config, "layers": layers}}
    arguments = dict(_arguments(kind, config))
    if kind == "TimeDistributedDense":
        outer = {key: arguments.pop(key) for key in ("name", "batch_input_shape") & config.keys()}
        inner = {"name": f"{outer['name']}_dense", **arguments}
        arguments = {**outer, "layer": {"class_name": "Dense", "config": inner}}
    elif isinstance(config.get("layer"), dict):
        arguments["layer"] = keras_2_config(config["layer"])
    return {**entry, "class_name": _CLASSES.get(kind, kind), "config": arguments}


def is_keras_1(entry: Config) -> bool:
    """Whether a configuration without a version has arguments that Keras 2 renamed."""
    return any(
        {"inner_activation", "inner_init", "nb_filter", "border_mode"} & config.keys()
        or (kind == "Dense" and "output_dim" in config)
        for kind, config in _layers(entry)
    )


def _layers(entry: Config) -> Iterator[tuple[str, Config]]:
    config = entry["config"]
    inner = config if isinstance(config, list) else config.get("layers")
    for layer in inner or ():
        yield from _layers(layer)
    if inner is None:
        yield entry["class_name"], config


def _arguments(kind: str, config: Config) -> Iterator[tuple[str, Any]]:
    kept = _KEPT.get(kind, set())
    for key, value in config.items():
        if key in kept or key not in _ARGUMENTS:
            if not (kind == "Embedding" and key in ("dropout", "init")):
                yield key, value
        elif (name := _ARGUMENTS[key]) is not None:
            yield name, _INITIALIZERS.get(value, value) if key.endswith("init") else value
    if kind == "Convolution2D":
        yield "kernel_size", (config["nb_row"], config["nb_col"])


# They do not matter, the weights are in the file; these names are known to Keras 3.
_INITIALIZERS = {"uniform": "random_uniform", "normal": "random_normal", "one": "ones"}


@dataclasses.dataclass(frozen=True)
class Derived:
    """A weight that is made of arrays of the file.

    Attributes:
        parts: The arrays.
        shape: Its shape.
        make: Makes it of their numbers.
    """

    parts: list[h5py.Dataset]
    shape: tuple[int, ...]
    make: Callable[[list[np.ndarray]], np.ndarray]

    @property
    def name(self) -> str:
        """The names of the arrays."""
        return ", ".join(str(part.name) for part in self.parts)


Stored: TypeAlias = h5py.Dataset | Derived


def keras_2_weights(
    layer: keras.layers.Layer, datasets: list[h5py.Dataset], flipped: bool
) -> list[Stored]:
    """The weights of a layer in the order and the shapes of Keras 2.

    Args:
        layer: A layer of a model, or a layer of layers.
        datasets: Its arrays.
        flipped: Whether the filters of convolutions are those of Theano, which reads them from the
            other end.
    """
    if isinstance(layer, keras.layers.Bidirectional):
        half = len(datasets) // 2
        return [
            *keras_2_weights(layer.forward_layer, datasets[:half], flipped),
            *keras_2_weights(layer.backward_layer, datasets[half:], flipped),
        ]
    if isinstance(layer, keras.layers.Wrapper):
        return keras_2_weights(layer.layer, datasets, flipped)
    gates = next((gates for kind, gates in _GATES.items() if isinstance(layer, kind)), ())
    if gates and len(datasets) == 3 * len(gates):
        return [_joined([datasets[gate + place] for gate in gates]) for place in range(3)]
    if isinstance(layer, keras.layers.Conv1D) and datasets and len(datasets[0].shape) == 4:
        return [_filter(datasets[0], flipped), *datasets[1:]]
    return list(datasets)


def _joined(parts: list[h5py.Dataset]) -> Derived:
    *first, last = parts[0].shape
    shape = (*first, last * len(parts))
    return Derived(parts, shape, lambda arrays: np.concatenate(arrays, axis=-1))


def _filter(kernel: h5py.Dataset, flipped: bool) -> Derived:
    """A filter of one dimension, which Keras 1 kept with a second one of length one."""
    steps, _, inputs, outputs = kernel.shape

    def plain(arrays: list[np.ndarray]) -> np.ndarray:
        array = arrays[0][:, 0]
        return array[::-1] if flipped else array

    return Derived([kernel], (steps, inputs, outputs), plain)
