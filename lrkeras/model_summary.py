"""What a Keras model stores and computes, layer by layer."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import keras

from lrkeras.export.layer_rows import layer_rows
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.layers_of import all_layers
from lrkeras.structures.stored_size import StoredSize

__all__ = ["LayerSummary", "ModelSummary", "summary"]

COUNTS = ("params", "dense_params", "bytes_without_indices", "bytes", "macs")
_SIZES = ("params", "dense_params", "bytes_without_indices", "bytes", "bits_per_weight")
_HEADINGS = ("parameters", "if dense", "float32 bytes", "with indices", "MACs a step")


@dataclasses.dataclass(frozen=True)
class LayerSummary:
    """What one layer stores and computes.

    Attributes:
        name: The layer's name.
        kind: Its class.
        structure: Its structured matrices, such as `"Kronecker+Sparse"`, or `"dense"`.
        params: Numbers stored; of a sparse part the entries at its target.
        macs: Multiply-accumulates of one time step.
        dense_params: Numbers that the layer would have with dense matrices.
        bytes_without_indices: Bytes of the numbers in float32, as papers count them.
        bytes: The same with the positions of what is sparse.
        bits_per_weight: Bits stored, positions included, for each of the `dense_params`.
    """

    name: str
    kind: str
    structure: str
    params: int
    macs: int
    dense_params: int
    bytes_without_indices: int
    bytes: int
    bits_per_weight: float


@dataclasses.dataclass(frozen=True)
class ModelSummary:
    """What a model stores and computes; `summary` makes one.

    Attributes:
        model: The model's name.
        layers: A row for each layer with weights, in the order of the model; a layer that is used
            twice has one row.
        params, dense_params, bytes_without_indices, bytes, bits_per_weight: Those of the whole
            model. A weight that several layers share counts once; the projection of a group is in
            the row of the layer that made it.
        macs: Multiply-accumulates of one time step, the sum of the rows.
    """

    model: str
    layers: list[LayerSummary]
    params: int
    dense_params: int
    bytes_without_indices: int
    bytes: int
    macs: int
    bits_per_weight: float

    def to_json(self) -> str:
        """The summary as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=2)

    def render(self, title: str | None = None) -> Any:
        """The summary as something `rich.print` shows.

        Args:
            title: Stands above the table; the model's name if left out.
        """
        from rich.table import Table

        table = Table(title=title or self.model, show_footer=True)
        table.add_column("layer", footer="all")
        table.add_column("structure")
        for heading, key in zip(_HEADINGS, COUNTS, strict=True):
            table.add_column(heading, justify="right", footer=f"{getattr(self, key):,}")
        bits = f"{self.bits_per_weight:.2f}"
        table.add_column("bits a weight", justify="right", footer=bits)
        for row in self.layers:
            numbers = [f"{getattr(row, key):,}" for key in COUNTS]
            bits = f"{row.bits_per_weight:.2f}"
            table.add_row(f"{row.name} ({row.kind})", row.structure, *numbers, bits)
        return table


def summary(model: keras.Model) -> ModelSummary:
    """Counts what a model stores and computes, as `lrkeras inspect` shows it.

    Args:
        model: A built model. Layers of inner models have rows of their own.

    Returns:
        A summary with `render()`, `to_json()` and the totals as attributes.

    Raises:
        TypeError: If it is no Keras model.
        ValueError: If the model is not built.

    Example:
    >>> found = lrkeras.summary(keras.Sequential([keras.Input((8, 3)), keras.layers.LSTM(4)]))
    >>> found.params
    128
    """
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"Expected a keras.Model to summarise, received {type(model).__name__}. A layer can be "
            "wrapped: keras.Sequential([keras.Input(...), layer])."
        )
    if not model.built:
        raise ValueError(
            f"Expected a built model, received {model.name!r}, which has no weights yet. Call it "
            "on data or start it with keras.Input(...)."
        )
    layers = list(
        {id(layer): layer for layer in all_layers(model, unwrapped=False) if layer.weights}.values()
    )
    rows = layer_rows(StepModel(model, [], [], [], layers=layers, lowerings={}))
    made = [
        LayerSummary(
            name=row.name,
            kind=row.kind,
            structure=row.structure,
            macs=row.macs,
            **_sizes(layer),
        )
        for row, layer in zip(rows, layers, strict=True)
    ]
    macs = sum(row.macs for row in made)
    return ModelSummary(model=model.name, layers=made, macs=macs, **_sizes(model))


def _sizes(layer: keras.layers.Layer) -> dict[str, Any]:
    size = StoredSize.of(layer)
    return {name: getattr(size, name) for name in _SIZES}
