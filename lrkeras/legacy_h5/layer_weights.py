"""Giving the layers of a Keras 3 model the weights that a file holds for them."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import keras
import numpy as np

from lrkeras.legacy_h5.cudnn_weights import from_cudnn, gates_of, is_cudnn
from lrkeras.legacy_h5.keras_1 import Stored, keras_2_weights
from lrkeras.legacy_h5.legacy_file import LegacyFile

Saved = Mapping[str, Sequence[Stored]]
Values = list[tuple[keras.Variable, np.ndarray]]


def set_weights(model: keras.Model, file: LegacyFile, partial: bool = False) -> None:
    """Sets the weights of a built model, layer by layer, by the names of the layers.

    Either all weights are set or, after an error, none.

    Args:
        model: The model.
        file: The file.
        partial: Whether the file may hold layers that the model lacks.

    Raises:
        ValueError: the model is not built; a layer with weights is missing in the file, or in the
            model; a weight has another shape, or is not finite.
    """
    unbuilt = [layer.name for layer in model.layers if not layer.built]
    if unbuilt:
        raise ValueError(
            f"The model {model.name!r} has no weights yet in {_quoted(unbuilt)}. Build it first: "
            "give it an Input, or call it once."
        )
    layers = {modern_name(layer.name): layer for layer in model.layers if layer.weights}
    saved: Saved = {modern_name(name): file.weights_of(name) for name in file.layer_names()}
    saved = {name: datasets for name, datasets in saved.items() if datasets}
    if file.is_keras_1:
        saved = {
            name: keras_2_weights(layers[name], list(datasets), file.backend == "theano")
            if name in layers
            else datasets
            for name, datasets in saved.items()
        }
    _check_names(layers, saved, file, model, partial)
    values: Values = []
    for name, layer in layers.items():
        values += _values(layer, saved[name], file.read)
    for variable, value in values:
        variable.assign(value)


def modern_name(name: str) -> str:
    """Returns the name of a layer or a model in Keras 3, which allows no slash.

    TensorFlow takes names for scopes, in which `>` and a leading sign have meanings of their own.
    """
    plain = re.sub(r"[^\w.\- ]", "_", name)
    return plain if plain[:1].isalnum() else f"x{plain}"


def _check_names(
    layers: dict[str, keras.layers.Layer],
    saved: Saved,
    file: LegacyFile,
    model: keras.Model,
    partial: bool,
) -> None:
    missing = [name for name in layers if name not in saved]
    unexpected = [] if partial else [name for name in saved if name not in layers]
    if not missing and not unexpected:
        return
    parts = [f"the file lacks {_quoted(missing)}"] if missing else []
    parts += [f"the model lacks {_quoted(unexpected)}"] if unexpected else []
    if missing:
        advice = "Give the layers of the model the names they have in the file."
    else:
        advice = (
            "If the model is meant to be a part of the one in the file, pass partial=True, which "
            "leaves the others out; else give the model these layers too."
        )
    raise ValueError(
        f"The layers with weights in {str(file.path)!r} are not those of the model "
        f"{model.name!r}: {'; '.join(parts)}. {advice}"
    )


def _values(
    layer: keras.layers.Layer,
    datasets: Sequence[Stored],
    read: Callable[[Stored], np.ndarray],
) -> Values:
    """Pairs the variables of a top layer with arrays; nothing is read before its shape fits."""
    # The order of Keras 2: in a layer of layers, everything that is trained comes first.
    variables = [*layer.trainable_weights, *layer.non_trainable_weights]
    if len(variables) != len(datasets):
        raise ValueError(
            f"The layer {layer.name!r} has {len(variables)} weights ({_shapes(variables)}), but "
            f"the file has {len(datasets)} for it ({_shapes(datasets)})."
        )
    place = {id(variable): index for index, variable in enumerate(variables)}
    converted: dict[int, np.ndarray] = {}
    for recurrent in _recurrent_layers(layer):
        indices = [place[id(variable)] for variable in recurrent.weights]
        chosen = [datasets[index] for index in indices]
        if is_cudnn(recurrent, [dataset.shape for dataset in chosen]):
            # A CuDNN kernel has the shape of the plain one: without it, nothing can be read.
            for variable, dataset in zip(recurrent.weights[:2], chosen[:2], strict=True):
                _check_shape(layer, variable, dataset)
            arrays = from_cudnn([read(dataset) for dataset in chosen], gates_of(recurrent) or 0)
            converted.update(zip(indices, arrays, strict=True))
    values = []
    for index, (variable, dataset) in enumerate(zip(variables, datasets, strict=True)):
        if index not in converted:
            _check_shape(layer, variable, dataset)
        values.append((variable, converted[index] if index in converted else read(dataset)))
    return values


def _recurrent_layers(layer: keras.layers.Layer) -> Iterator[keras.layers.Layer]:
    """Yields every LSTM and GRU in a layer of layers, or the layer itself."""
    if isinstance(layer, keras.Model):
        for inner in layer.layers:
            yield from _recurrent_layers(inner)
    elif isinstance(layer, keras.layers.Bidirectional):
        yield from _recurrent_layers(layer.forward_layer)
        yield from _recurrent_layers(layer.backward_layer)
    elif isinstance(layer, keras.layers.Wrapper):
        yield from _recurrent_layers(layer.layer)
    elif gates_of(layer) is not None:
        yield layer


def _check_shape(layer: keras.layers.Layer, variable: keras.Variable, dataset: Stored) -> None:
    if tuple(variable.shape) != tuple(dataset.shape):
        raise ValueError(
            f"The weight {variable.path!r} of the layer {layer.name!r} has the shape "
            f"{tuple(variable.shape)}, but {dataset.name!r} in the file has {dataset.shape}. "
            "Build the layer with the sizes and options that the saved one had."
        )


def _shapes(weights: Iterable) -> str:
    return ", ".join(str(tuple(weight.shape)) for weight in weights) or "none"


def _quoted(names: list[str]) -> str:
    return ", ".join(repr(name) for name in names)
