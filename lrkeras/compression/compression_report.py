"""What a compression did."""

import dataclasses
import json
import os
from typing import Any

from lrkeras.compression.matrix_report import MatrixReport
from lrkeras.compression.units.unit_report import UnitReport
from lrkeras.system.atomic_write import written_whole


@dataclasses.dataclass(frozen=True)
class CompressionReport:
    """What `compress` changed, what it left alone and why.

    Attributes:
        model: Name of the model.
        matrices: A row for each matrix that is a structure now.
        skipped: Reason by name of each matrix, or layer, that stayed as it was.
        dense_params, params: Numbers stored in the whole model, biases and all, before and after.
        dense_bytes, bytes: The same in float32, with the indices of sparse parts.
        index_bytes: How many of `bytes` are indices.
        budget: The budget in words, or `None`.
        spent: What the model takes of it, in the unit of the budget, or `None`.
        notes: What else a reader should know.
        units: What `prune_units` did, where fewer hidden units were better than any structure.
    """

    model: str
    matrices: list[MatrixReport]
    skipped: dict[str, str]
    dense_params: int
    params: int
    dense_bytes: int
    bytes: int
    index_bytes: int
    budget: str | None = None
    spent: float | None = None
    notes: tuple[str, ...] = ()
    units: UnitReport | None = None

    @property
    def ratio(self) -> float:
        """How many times fewer parameters the whole model has."""
        return self.dense_params / self.params

    def to_json(self) -> str:
        """The report as JSON."""
        ratios = {"ratio": self.ratio, "ratio_with_indices": self.dense_bytes / self.bytes}
        return json.dumps({**dataclasses.asdict(self), **ratios}, indent=2)

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group
        from rich.table import Table

        table = Table(title=f"{self.model}: {self.dense_params:,} -> {self.params:,} parameters")
        table.add_column("matrix, structure", overflow="fold")
        headings = ["shape", "params", "fewer", "bytes", "error"]
        weighted = any(row.weighted_error is not None for row in self.matrices)
        for heading in [*headings, "weighted"] if weighted else headings:
            table.add_column(heading, justify="right", no_wrap=True)
        for row in self.matrices:
            shape, ratio = f"{row.shape[0]}x{row.shape[1]}", f"{row.ratio:.2f}"
            errors = [row.error, row.weighted_error] if weighted else [row.error]
            shown = ["" if e is None else f"{e:.1%}" for e in errors]
            numbers = (shape, f"{row.params:,}", ratio, f"{row.bytes:,}", *shown)
            table.add_row(f"{row.name}\n  {row.structure}", *numbers)
        return Group(table if self.units is None else self.units.render(), *self._lines())

    def _lines(self) -> list[str]:
        lines = [
            f"whole model: {self.ratio:.2f} times fewer parameters, {self.bytes:,} bytes in "
            f"float32 ({self.dense_bytes / self.bytes:.2f} times fewer, "
            f"{self.index_bytes:,} of them indices)"
        ]
        if self.budget is not None:
            lines.append(f"budget: {self.budget}; spent: {self.spent:,.6g}")
        lines += [f"left as it was: {name}: {reason}" for name, reason in self.skipped.items()]
        return [*lines, *self.notes]

    def plot(self, path: str | os.PathLike) -> None:
        """Draws, for every matrix, its size before and after and the error, into a PNG.

        Args:
            path: The file to write.

        Raises:
            ImportError: If matplotlib is not installed.
        """
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        rows = self._plotted()
        count = len(rows)
        figure = Figure(figsize=(9, 1.6 + 0.36 * count), layout="constrained")
        FigureCanvasAgg(figure)
        sizes, errors = figure.subplots(1, 2, sharey=True)
        places = range(count)
        for attribute, height, color, label in (
            ("dense_bytes", 0.8, "#c9d3e0", "before"),
            ("bytes", 0.5, "#1b4f8f", "after"),
        ):
            kilobytes = [sizes_of[attribute] / 1e3 for _, sizes_of in rows]
            sizes.barh(places, kilobytes, height, color=color, label=label)
        sizes.set_xlabel("kB in float32, with indices")
        sizes.set_yticks(places, [label for label, _ in rows], fontsize=7)
        sizes.invert_yaxis()
        if self.units is None:
            percent = [100 * row.error for row in self.matrices]
            errors.plot(percent, places, "o", color="#c2571a", label="of the matrix")
        weighted = [(r.weighted_error, i) for i, r in enumerate(self.matrices)]
        shown = [(100 * error, i) for error, i in weighted if error is not None]
        if shown:
            errors.plot(
                *zip(*shown, strict=True), "x", color="#7a3b8f", label="weighted by its inputs"
            )
        errors.set_xlabel("error (%)")
        errors.set_xlim(left=0)
        for axis in (sizes, errors):
            axis.grid(alpha=0.25, axis="x")
            axis.spines[["top", "right"]].set_visible(False)
        for axis in (sizes,) if self.units is not None else (sizes, errors):
            axis.legend(
                frameon=False, fontsize=8, loc="lower center", ncols=2, bbox_to_anchor=(0.5, 1)
            )
        if self.units is not None:
            errors.remove()  # no matrix stands for another one
        with written_whole(path) as draft:
            figure.savefig(draft, dpi=150, facecolor="white", format=draft.suffix[1:] or "png")

    def _plotted(self) -> list[tuple[str, dict[str, int]]]:
        """Labels and bytes of what is drawn: matrices, or layers with fewer units."""
        if self.units is not None:
            return [
                (layer.name, {"dense_bytes": 4 * layer.before, "bytes": 4 * layer.after})
                for layer in self.units.layers
            ]
        return [
            (f"{row.name}\n{row.structure}", {"dense_bytes": row.dense_bytes, "bytes": row.bytes})
            for row in self.matrices
        ]
