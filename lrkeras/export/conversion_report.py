"""What a conversion did."""

import dataclasses
import json
from typing import Any

from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.layer_rows import LayerReport
from lrkeras.export.parity import BY_WHAT_LASTS, ParityError


@dataclasses.dataclass(frozen=True)
class ConversionReport:
    """What `convert` wrote, and how far it is from Keras.

    Attributes:
        path: The file.
        form: The first form, such as `"step"`.
        quantize: `None`, `"float16"` or `"int8"`.
        runtime: The runtime the file was written for.
        minimum_runtime: The oldest runtime whose operators are new enough, as far as the
            operator versions tell.
        file_bytes: Size of the file.
        inputs, outputs: Shape of each tensor of the first signature by name, without the states.
        states: Shape of each state by name.
        layers: A row for each layer.
        operators: How often the file has each operator.
        parity: The worst error of each output and state over the runs of the parity gate.
        threshold: The error that the gate allows: the largest one, or of 8-bit products the one
            that lasts (`ParityError.lasting`).
        versions: Versions of the packages that took part.
        signatures: `inputs`, `outputs` and `states` of every signature by its name, which is that
            of its form.
        delegates: Which nodes XNNPACK runs, and why not the others.
    """

    path: str
    form: str
    quantize: str | None
    runtime: str
    minimum_runtime: str | None
    file_bytes: int
    inputs: dict[str, tuple[int, ...]]
    outputs: dict[str, tuple[int, ...]]
    states: dict[str, tuple[int, ...]]
    layers: list[LayerReport]
    operators: dict[str, int]
    parity: list[ParityError]
    threshold: float
    versions: dict[str, str]
    signatures: dict[str, dict[str, dict[str, tuple[int, ...]]]] = dataclasses.field(
        default_factory=dict
    )
    delegates: DelegateReport | None = None

    @property
    def forms(self) -> list[str]:
        """Every form in the file."""
        return list(self.signatures) or [self.form]

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps({**dataclasses.asdict(self), "forms": self.forms}, indent=2)

    def render(self) -> Any:
        """The report as something `rich.print` shows."""
        from rich.console import Group
        from rich.table import Table

        table = Table(title=f"{self.path}: {self.file_bytes:,} bytes, {self._precision()}")
        for heading in ("layer", "structure", "parameters", "bytes", "MACs", "computed as"):
            number = heading in ("parameters", "bytes", "MACs")
            table.add_column(heading, justify="right" if number else "left")
        for row in self.layers:
            numbers = (f"{row.params:,}", f"{row.bytes:,}", f"{row.macs:,}")
            table.add_row(f"{row.name} ({row.kind})", row.structure, *numbers, row.lowering)
        return Group(table, *self._notes())

    def _precision(self) -> str:
        return f"{self.quantize or 'float32'} weights, runtime {self.runtime}"

    def _allowed(self) -> str:
        if self.quantize not in BY_WHAT_LASTS:
            return f"allowed {self.threshold:g}"
        lasting = max(found.lasting for found in self.parity)
        return f"{lasting:.2g} lasts, allowed {self.threshold:g}"

    def _notes(self) -> list[str]:
        worst = max(self.parity, key=lambda found: found.error)
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.operators.items()))
        return [
            *_choices(self.layers),
            *(_signature(name, tensors) for name, tensors in self.signatures.items()),
            f"operators: {counts}",
            f"parity with Keras: {worst.error:.2g} of the largest value in `{worst.tensor}` "
            f"({worst.signature}, {worst.run}); {self._allowed()}",
            f"needs runtime {self.minimum_runtime or 'unknown'} or later",
            *(self.delegates.notes() if self.delegates else []),
        ]


def _choices(layers: list[LayerReport]) -> list[str]:
    """What each matrix with several forms became, and what else it could have been."""
    notes = []
    for layer in layers:
        for chosen, *others in layer.forms:
            rest = "; ".join(map(str, others)) or "none"
            notes.append(f"`{layer.name}`: {chosen} (estimates; not chosen: {rest})")
    return list(dict.fromkeys(notes))


def _signature(name: str, tensors: dict[str, dict[str, tuple[int, ...]]]) -> str:
    states = f"; states {_shapes(tensors['states'])}" if tensors["states"] else ""
    shapes = f"{_shapes(tensors['inputs'])} -> {_shapes(tensors['outputs'])}"
    return f"signature `{name}`: {shapes}{states}"


def _shapes(tensors: dict[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name} {shape}" for name, shape in tensors.items())
