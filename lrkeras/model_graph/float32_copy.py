"""A model of mixed or low precision, rebuilt in float32."""

from typing import Any

import keras

from lrkeras.model_graph.layers_of import all_layers


def as_float32(model: keras.Model) -> keras.Model:
    """Returns the model itself if it computes in float32, else a copy that does.

    The copy has the same weights; float16 layers pull in operators the runtime does not have.
    """
    if all(_computes_in_float32(layer) for layer in all_layers(model)):
        return model
    source = keras.Model(model.inputs, model.outputs, name=model.name)
    copy = keras.models.clone_model(source, clone_function=_rebuild)
    copy.set_weights(source.get_weights())
    return copy


def _computes_in_float32(layer: Any) -> bool:
    policy = layer.dtype_policy
    is_float = "float" in str(policy.compute_dtype)
    return not is_float or policy.compute_dtype == policy.variable_dtype == "float32"


def _rebuild(layer: Any) -> Any:
    if isinstance(layer, keras.Model):
        return as_float32(layer)
    return type(layer).from_config(_in_float32(layer.get_config()))


def _in_float32(config: Any) -> Any:
    """The configuration with every floating-point dtype inside it replaced."""
    if isinstance(config, (list, tuple)):
        return type(config)(_in_float32(item) for item in config)
    if not isinstance(config, dict):
        return config
    return {
        key: "float32" if key == "dtype" and "float" in str(value) else _in_float32(value)
        for key, value in config.items()
    }
