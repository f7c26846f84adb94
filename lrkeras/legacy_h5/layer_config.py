"""The configuration of one layer: from what Keras 2 wrote to what Keras 3 reads."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

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
# Layers that hold Python code or load it from elsewhere, and those that TensorFlow functions on
# Keras tensors became.
CODE = {
    "ClassMethod",
    "FlaxLayer",
    "JaxLayer",
    "Lambda",
    "SlicingOpLambda",
    "TFOpLambda",
    "TFSMLayer",
    "TensorFlowOpLayer",
    "TorchModuleWrapper",
    "__lambda__",
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
    name: {"noise_shape", "trainable"}
    for name in ("SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D")
}
# Arguments that Keras 3 lacks; it does what these values say, and other values are refused.
FIXED = {
    "time_major": (False,),
    "ragged": (False, None),
    "num_constants": (0, None),
    "renorm": (False,),
    "adjustment": (None,),
}


def modern_layer(entry: Config, inner: Callable[[Config], Config]) -> Config:
    """Returns the configuration of a layer as `keras.saving.deserialize_keras_object` reads it.

    Args:
        entry: `class_name` and `config` in Keras 2, left as they are.
        inner: what translates a layer or a model inside of this one.

    Raises:
        ValueError: Keras 3 has no such layer, the layer holds Python code, or it was built with an
            argument that Keras 3 does not have.
    """
    class_name: str = entry["class_name"]
    config: Config = entry["config"]
    forced: Config = {}
    if class_name in CUDNN:
        class_name, forced = CUDNN[class_name]
    class_name = RENAMED.get(class_name, class_name)
    custom = keras.saving.get_registered_object(class_name) is not None
    if not custom:
        _check_class(class_name, config.get("name"))
    if class_name in ("GRU", "GRUCell"):
        config = {"reset_after": False, **config}  # the default before Keras 2 wrote it down
    arguments = _arguments(class_name, config, inner)
    if class_name == "InputLayer":
        arguments["batch_shape"] = batch_shape(config)
    return {
        "module": None if custom else "keras.layers",
        "class_name": class_name,
        "registered_name": class_name if custom else None,
        "config": {**arguments, **forced},
    }


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


def refuse_code(config: Any) -> None:
    """Raises `ValueError` if a layer anywhere in a configuration holds Python code."""
    if isinstance(config, dict):
        if config.get("class_name") in CODE:
            inner = config.get("config")
            name = inner.get("name") if isinstance(inner, dict) else None
            raise ValueError(
                f"The layer {name!r} is a {config['class_name']}: it holds Python code, which is "
                "not run from a file. Build the model in Python with that step written anew, and "
                "pass it as model=."
            )
        config = list(config.values())
    if isinstance(config, list):
        for item in config:
            refuse_code(item)


def _check_class(class_name: str, name: Any) -> None:
    known = getattr(keras.layers, class_name, None)
    if not (isinstance(known, type) and issubclass(known, keras.layers.Layer)):
        raise ValueError(
            f"The layer {name!r} is a {class_name!r}, which is neither in keras.layers nor "
            "registered with keras.saving.register_keras_serializable. Register the class, or "
            "build the model in Python and pass it as model=."
        )
