"""Operators that a plain runtime has no kernel for."""

import dataclasses

from lrkeras.export.inspection.layer_names import layer_of_node
from lrkeras.export.tflite.model_file import ModelFile

_CUSTOM = "CUSTOM:"
_FLEX = "Flex"

_ORIGINS = {
    ("TensorList",): "the loop over time of a Keras LSTM, GRU or RNN whose batch or length was "
    "left open",
    ("While", "StatelessWhile", "If", "StatelessIf"): "a loop or a branch that TensorFlow runs, "
    "such as the cell of a recurrent layer",
    ("CudnnRNN", "LSTMBlock", "BlockLSTM", "GRUBlock"): "a recurrent layer of TensorFlow's for "
    "GPUs or for TensorFlow 1",
    ("Lookup", "HashTable", "MutableHashTable"): "a table of words: StringLookup, IntegerLookup "
    "or TextVectorization",
    ("String", "StaticRegex", "Regex", "Unicode", "Ragged"): "text inside the model: "
    "TextVectorization or operations on strings",
    ("CTC",): "CTC loss or decoding inside the model",
    ("UNKNOWN:",): "an operator of a later version of the format",
}


@dataclasses.dataclass(frozen=True)
class ForeignOperator:
    """An operator of TensorFlow's or of someone's own in a file.

    Attributes:
        name: Such as `"FlexErf"`, `"TensorListReserve"` or `"UNKNOWN:230"`.
        kind: `"flex"`: TensorFlow's kernel, in the Select TF ops library (several MB of an app).
            `"custom"`: a kernel that the app must bring. `"unknown"`: newer than this package.
        count: Nodes of it in all graphs.
        layers: The layers they were probably part of.
        origin: What it probably comes from, in words.
    """

    name: str
    kind: str
    count: int
    layers: tuple[str, ...]
    origin: str


def foreign_operators(file: ModelFile) -> list[ForeignOperator]:
    """The Flex, custom and unknown operators of a file, most frequent first."""
    layers: dict[str, list[str | None]] = {}
    for graph in file.graphs:
        for op in graph.operators:
            name = graph.op_name(op)
            if name.startswith((_CUSTOM, "UNKNOWN:")):
                layer = layer_of_node(graph, op)
                layers.setdefault(name.removeprefix(_CUSTOM), []).append(layer)
    found = [
        ForeignOperator(
            name=name,
            kind=_kind(name),
            count=len(places),
            layers=tuple(dict.fromkeys(layer for layer in places if layer is not None)),
            origin=_origin(name),
        )
        for name, places in layers.items()
    ]
    return sorted(found, key=lambda operator: -operator.count)


def _kind(name: str) -> str:
    if name.startswith("UNKNOWN:"):
        return "unknown"
    return "flex" if name.startswith(_FLEX) else "custom"


def _origin(name: str) -> str:
    plain = name.removeprefix(_FLEX)
    for starts, origin in _ORIGINS.items():
        if plain.startswith(starts):
            return origin
    return f"the operation {plain}" if name.startswith(_FLEX) else "a kernel of the app's own"
