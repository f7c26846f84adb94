"""Keras models whose weights are those of an int8 word file: one file serves both."""

from __future__ import annotations

import os
import pathlib
from typing import Any

import keras
import numpy as np

from lrkeras.export.tflite.graph import Graph
from lrkeras.export.tflite.model_file import ModelFile


def model_of_int8(config: str | os.PathLike, file: str | os.PathLike) -> keras.Model:
    """Builds a word model from its architecture and the weights of its int8 file.

    Every weight is its 8 bits times their scale. The file rounds what goes into a product to 8
    bits as well, which the model does not, so outputs differ by that.

    Args:
        config: A JSON file, as `model.to_json()` makes it.
        file: The `.tflite` file, of dense LSTM layers `lstm_0`, `lstm_1`, ... and a layer
            `projection`, or of a `CIFGCell` in a layer `cifg_0`, with a table `words` that is the
            output layer too; beside a `CIFGCell` it may be in bands.

    Returns:
        The model, not compiled.

    Raises:
        ImportError: If the package that reads `.tflite` files is missing.
        ValueError: If the file has other layers or shapes than the architecture.
    """
    model = keras.models.model_from_json(pathlib.Path(config).read_text(encoding="utf-8"))
    set_weights(model, read_weights(file))
    return model


def read_weights(file: str | os.PathLike) -> dict[str, list[np.ndarray]]:
    """The matrices of an int8 word file, `(outputs, inputs)`, and its biases, by layers' names."""
    graph = ModelFile(pathlib.Path(file).read_bytes()).graphs[0]
    products = [op for op in graph.operators if graph.op_name(op) == "FULLY_CONNECTED"]
    recurrent = [op for op in products if int(op.inputs[0]) in set(graph.inputs)]
    kernels = [op for op in products if op not in recurrent]
    recurrent.sort(key=lambda op: graph.tensor_name(int(op.inputs[0])))
    is_cifg = bool(recurrent) and "cifg_0" in graph.tensor_name(int(recurrent[0].inputs[0]))
    if is_cifg:
        # Products that look a word up in a band come first.
        kernels = kernels[_first_of_as_many_outputs(graph, kernels, recurrent[0]) :]
    if len(kernels) != len(recurrent) + 2 and not (is_cifg and len(kernels) > 2):
        raise ValueError(
            "Expected a file of dense LSTM layers, a projection and a table of words, received "
            f"{os.fspath(file)!r} with {len(products)} products, {len(recurrent)} of states."
        )
    found: dict[str, tuple] = {}
    if is_cifg:
        own, projection, *bands = kernels
        (other,) = recurrent
        found["cifg_0"] = (own.inputs[1], other.inputs[1], _bias(graph), projection.inputs[1])
        found["words"] = tuple(op.inputs[1] for op in _as_stored(bands))
    else:
        for number, (own, op) in enumerate(zip(kernels, recurrent, strict=False)):
            found[f"lstm_{number}"] = (own.inputs[1], op.inputs[1], own.inputs[2])
        found["projection"] = (kernels[-2].inputs[1], kernels[-2].inputs[2])
        found["words"] = (kernels[-1].inputs[1],)
    return {name: [_real(graph, int(tensor)) for tensor in found[name]] for name in found}


def _first_of_as_many_outputs(graph: Graph, products: list, other: Any) -> int:
    """The place of the first product whose weight has as many rows as another's, or the end."""
    rows = graph.tensors[int(other.inputs[1])].shape[0]
    alike = (
        place
        for place, op in enumerate(products)
        if graph.tensors[int(op.inputs[1])].shape[0] == rows
    )
    return next(alike, len(products))


def _as_stored(products: list) -> list:
    """The products with a table in bands: of two in a row, `h R` and `(h R) L`, `L` comes first."""
    ordered: list = []
    for op in products:
        in_a_row = bool(ordered) and int(op.inputs[0]) == int(ordered[-1].outputs[0])
        ordered.insert(len(ordered) - in_a_row, op)
    return ordered


def _bias(graph: Graph) -> int:
    """The vector that a CIFG cell adds to the sum of its products."""
    added = (int(t) for op in graph.operators if graph.op_name(op) == "ADD" for t in op.inputs)
    return next(tensor for tensor in added if graph.constant(tensor) is not None)


def set_weights(model: keras.Model, weights: dict[str, list[np.ndarray]]) -> None:
    """Puts what `read_weights` read into a model."""
    for name, values in weights.items():
        # The table is stored as it is; the transpose of a bias is itself.
        layer = model.get_layer(name)
        shapes = [tuple(weight.shape) for weight in layer.weights]
        given = [value if name == "words" else value.T for value in values]
        if [value.shape for value in given] != shapes:
            raise ValueError(
                f"Expected weights of the shapes {shapes} for the layer {name!r}, received "
                f"{[value.shape for value in given]}. The architecture is of another file."
            )
        layer.set_weights(given)


def _real(graph: Graph, tensor: int) -> np.ndarray:
    producer = graph.producers().get(tensor)
    if producer is not None and graph.op_name(producer) == "DEQUANTIZE":
        tensor = int(producer.inputs[0])
    value = graph.constant(tensor)
    if value is None:
        raise ValueError(f"Expected stored weights, received tensor {tensor}, which has none.")
    if value.dtype == np.int8:
        scale = graph.tensors[tensor].quantization.scale
        value = value.astype(np.float32) * np.reshape(scale, (-1,) + (1,) * (value.ndim - 1))
    return value
