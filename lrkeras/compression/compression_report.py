"""What a compression did."""

import dataclasses
import json
import os
from typing import Any

from lrkeras.compression.matrix_report import MatrixReport


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
        table.add_column("matrix", no_wrap=True)
        table.add_column("structure")
        for heading in ("shape", "params", "fewer", "bytes", "error"):
            table.add_column(heading, justify="right")
        for row in self.matrices:
            error = f"{row.error:.1%}"
            if row.weighted_error is not None:
                error += f", weighted {row.weighted_error:.1%}"
            shape = f"{row.shape[0]} x {row.shape[1]}"
            numbers = (f"{row.params:,}", f"{row.ratio:.2f}", f"{row.bytes:,}")
            table.add_row(row.name, row.structure, shape, *numbers, error)
        return Group(table, *self._lines())

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

        count = len(self.matrices)
        figure = Figure(figsize=(9, 1.6 + 0.36 * count), layout="constrained")
        FigureCanvasAgg(figure)
        sizes, errors = figure.subplots(1, 2, sharey=True)
        places = range(count)
        sizes.barh(places, [r.dense_bytes for r in self.matrices], color="#c9d3e0", label="dense")
        sizes.barh(
            places, [r.bytes for r in self.matrices], 0.5, color="#1b4f8f", label="compressed"
        )
        sizes.set_xscale("log")
        sizes.set_xlabel("bytes in float32, with indices (logarithmic)")
        sizes.set_yticks(places, [f"{r.name}\n{r.structure}" for r in self.matrices], fontsize=7)
        sizes.invert_yaxis()
        sizes.legend(frameon=False, loc="upper center", bbox_to_anchor=(0.5, 1.12), ncols=2)
        weighted = [r.weighted_error for r in self.matrices]
        errors.plot([100 * r.error for r in self.matrices], places, "o", color="#c2571a")
        errors.set_xlabel("error of the matrix (%)")
        if any(w is not None for w in weighted):
            shown = [(100 * w, i) for i, w in enumerate(weighted) if w is not None]
            errors.plot(*zip(*shown, strict=True), "x", color="#7a3b8f")
            errors.set_xlabel("error of the matrix (%): disc; weighted by its inputs: cross")
        errors.set_xlim(left=0)
        for axis in (sizes, errors):
            axis.grid(alpha=0.25, axis="x")
            axis.spines[["top", "right"]].set_visible(False)
        figure.savefig(path, dpi=150, facecolor="white")
