"""What a removal of units did."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import keras
import numpy as np

from lrkeras.model_graph.units.hidden_units import HiddenUnits
from lrkeras.structures.stored_size import StoredSize


@dataclasses.dataclass(frozen=True)
class LayerUnits:
    """Units that go together, before and after.

    Attributes:
        layers: Names of the layers, with `.projection` behind those of a projection.
        before, after: How many units each has.
        importance_kept: Share of the importance of all units that those left have.
    """

    layers: tuple[str, ...]
    before: int
    after: int
    importance_kept: float


@dataclasses.dataclass(frozen=True)
class LayerParams:
    """The numbers of a layer before and after.

    Attributes:
        name: Path of the layer.
        before, after: How many numbers it stores.
    """

    name: str
    before: int
    after: int


@dataclasses.dataclass(frozen=True)
class UnitReport:
    """What `prune_units` took out, what it left alone and why.

    Attributes:
        model: Name of the model.
        criterion: By what the units were chosen.
        units: A row for the units of each layer, or of several whose units go together.
        layers: A row for each layer with weights whose size changed.
        skipped: Reason by name of the units that had to stay.
        dense_params, params: Numbers stored in the whole model before and after.
        dense_bytes, bytes: The same in float32.
    """

    model: str
    criterion: str
    units: list[LayerUnits]
    layers: list[LayerParams]
    skipped: dict[str, str]
    dense_params: int
    params: int
    dense_bytes: int
    bytes: int

    @property
    def ratio(self) -> float:
        """How many times fewer parameters the whole model has."""
        return self.dense_params / self.params

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps({**dataclasses.asdict(self), "ratio": self.ratio}, indent=2)

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group
        from rich.table import Table

        table = Table(title=f"{self.model}: {self.dense_params:,} -> {self.params:,} parameters")
        table.add_column("units of", overflow="fold")
        for heading in ("before", "after", "importance kept"):
            table.add_column(heading, justify="right", no_wrap=True)
        for row in self.units:
            share = f"{row.importance_kept:.1%}"
            table.add_row("\n".join(row.layers), str(row.before), str(row.after), share)
        sizes = Table()
        sizes.add_column("layer", overflow="fold")
        for heading in ("params before", "after", "bytes in float32"):
            sizes.add_column(heading, justify="right", no_wrap=True)
        for layer in self.layers:
            numbers = (f"{layer.before:,}", f"{layer.after:,}", f"{4 * layer.after:,}")
            sizes.add_row(layer.name, *numbers)
        return Group(table, sizes, *self._lines())

    def _lines(self) -> list[str]:
        return [
            f"whole model: {self.ratio:.2f} times fewer parameters, {self.bytes:,} bytes",
            f"chosen by {self.criterion}",
            *(f"left as it was: {name}: {reason}" for name, reason in self.skipped.items()),
        ]


def report_of(
    model: keras.Model,
    small: keras.Model,
    units: HiddenUnits,
    kept: list[np.ndarray],
    importance: list[np.ndarray],
    layers: list[LayerParams],
    criterion: str,
) -> UnitReport:
    """The report on a model that was made smaller."""
    rows = [
        LayerUnits(names, size, len(kept_units), _share(values, kept_units))
        for names, size, kept_units, values in zip(
            units.names, units.sizes, kept, importance, strict=True
        )
    ]
    before, after = StoredSize.of(model), StoredSize.of(small)
    return UnitReport(
        model=model.name,
        criterion=criterion,
        units=rows,
        layers=layers,
        skipped=units.pinned,
        dense_params=before.params,
        params=after.params,
        dense_bytes=before.bytes,
        bytes=after.bytes,
    )


def _share(values: np.ndarray, kept: np.ndarray) -> float:
    whole = float(values.sum())
    return float(values[kept].sum()) / whole if whole else 1.0
