"""The configuration of one layer: from what Keras 2 wrote to what Keras 3 reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

from lrkeras.legacy_h5.code_in_files import lambda_arguments
from lrkeras.legacy_h5.hard_sigmoid import hard_sigmoid
from lrkeras.legacy_h5.layer_weights import modern_name

Config = dict[str, Any]

# What the cuDNN kernels compute, in the arguments of the plain layers.
CUDNN = {
    "CuDNNLSTM": (
        "LSTM",
        {"activation": "tanh", "recurrent_activation": "sigmoid", "use_bias": True},
    ),
    "CuDNNGRU": (
        "GRU",
        {
            "activation": "tanh",
            "recurrent_activation": "sigmoid",
            "use_bias": True,
            "reset_after": True,
        },
    ),
}
RENAMED = {
    "BatchNormalizationV1": "BatchNormalization",
    "BatchNormalizationV2": "BatchNormalization",
}
RENAMED_ARGUMENTS = {"LeakyReLU": {"alpha": "negative_slope"}}

# Arguments that say how Keras 2 computes and not what, or that are said elsewhere in Keras 3.
DROPPED = {
    "batch_input_shape",
    "batch_shape",
    "build_config",
    "fused",
    "implementation",
    "input_dtype",
    "input_length",
    "virtual_batch_size",
}
DROPPED_OF = {
    **{f"SpatialDropout{rank}D": {"noise_shape", "trainable"} for rank in (1, 2, 3)},
    # The shapes are those it was built with, which the graph says again.
    "MultiHeadAttention": {"key_shape", "query_shape", "value_shape"},
}
# Arguments that Keras 3 lacks; it does what these values say, and other values are refused.
FIXED = {
    "time_major": (False,),
    "ragged": (False, None),
    "num_constants": (0, None),
    "renorm": (False,),
    "adjustment": (None,),
    "softmax_robust_masking": (False,),
}


class LayerReader:
    """Turns the configurations of layers into those of Keras 3.

    Args:
        inner: What translates a layer or a model inside of a layer.
        safe_mode: Whether Python code in the file is refused.
    """

    def __init__(self, inner: Callable[[Config], Config], safe_mode: bool = True) -> None:
        self._inner = inner
        self._safe_mode = safe_mode

    def layer(self, entry: Config) -> keras.layers.Layer:
        """Makes the layer of an entry: `class_name` and `config` in Keras 2, left as they are.

        Raises:
            ValueError: Keras 3 has no such layer, the layer holds Python code, or it was built with
                an argument that Keras 3 does not have.
        """
        config = self.config(entry)
        return keras.saving.deserialize_keras_object(config, safe_mode=self._safe_mode)

    def config(self, entry: Config) -> Config:
        """What `keras.saving.deserialize_keras_object` reads to make the layer.

        Raises:
            ValueError: As above.
        """
        class_name: str = entry["class_name"]
        config: Config = entry["config"]
        forced: Config = {}
        if class_name in CUDNN:
            class_name, forced = CUDNN[class_name]
        class_name = RENAMED.get(class_name, class_name)
        custom = _registered(class_name, entry.get("registered_name"), config.get("name"))
        if custom is None:
            _check_class(class_name, config.get("name"))
        if class_name in ("GRU", "GRUCell"):
            config = {"reset_after": False, **config}  # the default before Keras 2 wrote it down
        arguments = _arguments(class_name, config, self._inner)
        if class_name == "InputLayer":
            arguments["batch_shape"] = batch_shape(config)
        if class_name == "Lambda":
            arguments = lambda_arguments(arguments)
        return {
            "module": "keras.layers" if custom is None else None,
            "class_name": class_name,
            "registered_name": custom,
            "config": {**arguments, **forced},
        }


def _registered(class_name: str, full_name: str | None, layer: Any) -> str | None:
    """The name under which a class of the user's is registered with Keras, or None.

    A file before 2.13 tells the name of the class alone, `register_keras_serializable` puts a
    package and a `>` before it.
    """
    for name in (full_name, class_name):
        if name and keras.saving.get_registered_object(name) is not None:
            return name
    if _is_layer(getattr(keras.layers, class_name, None)):
        return None
    known = keras.saving.get_custom_objects().items()
    short = class_name.rpartition(">")[2]
    found = [name for name, kind in known if name.rpartition(">")[2] == short and _is_layer(kind)]
    if len(found) > 1:
        raise ValueError(
            f"The layer {layer!r} is a {class_name!r}, and several classes of that name are "
            f"registered: {', '.join(sorted(found))}. Say which with "
            f"custom_objects={{{class_name!r}: the_class}}."
        )
    return found[0] if found else None


def _arguments(class_name: str, config: Config, inner: Callable[[Config], Config]) -> Config:
    for key, allowed in FIXED.items():
        if key in config and config[key] not in allowed:
            raise ValueError(
                f"The layer {config.get('name')!r} has {key}={config[key]!r}, which Keras 3 cannot "
                "follow."
            )
    dropped = DROPPED | set(FIXED) | DROPPED_OF.get(class_name, set())
    renamed = RENAMED_ARGUMENTS.get(class_name, {})
    arguments = {
        renamed.get(key, key): _argument(key, value, inner)
        for key, value in config.items()
        if key not in dropped
    }
    return {key: value for key, value in arguments.items() if value is not _DEFAULT}


def batch_shape(config: Config) -> Any:
    """Returns the shape of a layer's input with the batch, None where the layer has none."""
    return config.get("batch_input_shape") or config.get("batch_shape")


_DEFAULT = object()  # an argument to leave out


def _argument(key: str, value: Any, inner: Callable[[Config], Config]) -> Any:
    if isinstance(value, dict):
        return _object(key, value, inner)
    if key == "cells":
        return [inner(cell) for cell in value]
    if key == "axis" and isinstance(value, list) and len(value) == 1:
        return value[0]
    if key == "name" and isinstance(value, str):
        return modern_name(value)
    if key.endswith("activation") and value == "hard_sigmoid":
        return keras.activations.serialize(hard_sigmoid)
    return value


def _object(key: str, value: Config, inner: Callable[[Config], Config]) -> Any:
    if key == "dtype":
        return value["config"]["name"]  # a mixed precision policy
    if key.endswith("initializer"):
        return _initializer(value)
    if key in ("layer", "backward_layer", "cell") or key.endswith("activation"):
        return inner(value)
    return value


def _initializer(config: Config) -> Any:
    """Keeps an initializer that Keras 3 has; others do not matter, the weights are in the file."""
    inner = {key: value for key, value in config["config"].items() if key != "dtype"}
    config = {"class_name": config["class_name"], "config": inner}
    try:
        return keras.initializers.serialize(keras.initializers.get(config))
    except (TypeError, ValueError):
        return _DEFAULT


def _check_class(class_name: str, name: Any) -> None:
    if class_name == "TensorFlowOpLayer":
        raise ValueError(
            f"The layer {name!r} is a node of a graph of TensorFlow 2.0 to 2.3, which is not "
            "translated. Build the model in Python with keras.ops in its place, and pass it as "
            "model=."
        )
    if not _is_layer(getattr(keras.layers, class_name, None)):
        raise ValueError(
            f"The layer {name!r} is a {class_name!r}, which is neither in keras.layers nor "
            "registered with keras.saving.register_keras_serializable. Register the class, "
            f"name it in custom_objects={{{class_name!r}: the_class}}, or build the model in "
            "Python and pass it as model=."
        )


def _is_layer(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, keras.layers.Layer)
