"""Which Keras layer a node of a foreign file was probably part of."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from lrkeras.export.tflite.graph import Graph

# Parts of a tensor's name that stand for no layer.
_WRAPPERS = re.compile(r"(Stateful)?PartitionedCall.*|arith\.constant.*|serving_default.*|tfl\..*")
# Where the inside of a recurrent layer begins.
_INSIDE = re.compile(r"while(_\d+)?\d*|\w*_cell(_\d+)?|TensorArray\w*|while_(body|cond)\w*")


def layer_of(name: str) -> str | None:
    """The path of the layer in a tensor's name, such as `"sequential/lstm"`.

    The TensorFlow converter keeps the names of operations: `model/lstm/while/lstm_cell/MatMul`,
    and joins those of fused ones with `;`.

    Returns:
        The path, or None where the name tells of no layer.
    """
    longest = max(name.split(";"), key=lambda part: part.count("/"))
    words = [word for word in longest.split("/") if word and not _WRAPPERS.fullmatch(word)]
    inside = next((i for i, word in enumerate(words) if _INSIDE.fullmatch(word)), None)
    words = words[:-1] if inside is None else words[:inside]
    return "/".join(words) or None


def layer_of_node(graph: Graph, op: Any) -> str | None:
    """The layer that a node was probably part of, by what it writes, else by what it reads."""
    for tensors in (op.outputs, op.inputs):
        found = next(_layers(graph, tensors), None)
        if found is not None:
            return found
    return None


def recurrent_kind(texts: Iterable[str]) -> str:
    """`"LSTM"`, `"GRU"` or `"recurrent layer"`, by the names of tensors."""
    joined = " ".join(texts).lower()
    return next((kind for kind in ("LSTM", "GRU") if kind.lower() in joined), "recurrent layer")


def _layers(graph: Graph, tensors: Iterable[int]) -> Iterator[str]:
    names = (graph.tensor_name(t) for t in tensors if 0 <= t < len(graph.tensors))
    return (layer for layer in map(layer_of, names) if layer is not None)
