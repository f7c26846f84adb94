"""What a conversion did."""

import dataclasses
import json
import os
from typing import Any

from lrkeras.export.automatic_form import FormChoice
from lrkeras.export.delegates.delegate_report import DelegateReport
from lrkeras.export.layer_rows import LayerReport
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.parity_limits import ParityLimits
from lrkeras.export.quantization import Quantization
from lrkeras.export.steps.step_model import StepModel, delays_of
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.runtime_version import TargetRuntime, minimum_runtime
from lrkeras.system.versions import package_versions


@dataclasses.dataclass(frozen=True)
class ConversionReport:
    """What `convert` wrote, and how far it is from Keras.

    Attributes:
        path: The file.
        form: The first form, such as `"step"`.
        quantize: How it was rounded, as `convert` takes it; None for float32.
        runtime: The runtime the file was written for.
        minimum_runtime: The oldest runtime whose operators are new enough, as far as the
            operator versions tell.
        file_bytes: Size of the file.
        inputs, outputs: Shape of each tensor of the first signature by name, without the states.
        states: Shape of each state by name.
        layers: A row for each layer.
        operators: How often the file has each operator.
        parity: For each output and state of each signature, the comparison with Keras that came
            closest to its limits.
        limits: The errors that the gate allows.
        versions: Versions of the packages that took part.
        signatures: `inputs`, `outputs` and `states` of every signature by its name, which is that
            of its form.
        delegates: Which nodes XNNPACK runs, and why not the others.
        weights: Numbers of all constants in the file by their type, such as `"int4"`; what several
            products share counts once.
        rounded: Of a model whose weights were rounded before the file was made: to how many bits
            each was, by name, or why it was not.
        rounding_loss: How far that rounding took each output from the model as it was, on the
            inputs of the comparison; empty if it had been rounded in training.
        choice: Which form `"auto"` became, and which layer decided; None if the caller chose.
        delays: For each output that is late in the forms with states, by how many of its own
            steps: what comes out at a step belongs to the one so many steps before, and the first
            ones to none.
        cut: A sentence for each part of the model that the runner does in place of the file.
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
    limits: ParityLimits
    versions: dict[str, str]
    signatures: dict[str, dict[str, dict[str, tuple[int, ...]]]] = dataclasses.field(
        default_factory=dict
    )
    delegates: DelegateReport | None = None
    weights: dict[str, int] = dataclasses.field(default_factory=dict)
    rounded: dict[str, str] = dataclasses.field(default_factory=dict)
    rounding_loss: list[ParityError] = dataclasses.field(default_factory=list)
    choice: FormChoice | None = None
    delays: dict[str, int] = dataclasses.field(default_factory=dict)
    cut: list[str] = dataclasses.field(default_factory=list)

    @classmethod
    def of(
        cls,
        path: str | os.PathLike,
        file: ModelFile,
        models: list[StepModel],
        quantization: Quantization,
        runtime: TargetRuntime,
        rows: list[LayerReport],
        errors: list[ParityError],
        delegates: DelegateReport,
    ) -> "ConversionReport":
        """The report of a file.

        Args:
            path: Where it will be.
            file: Its content.
            models: The step model of each signature.
            quantization: How it was rounded.
            runtime: The runtime that it was written for.
            rows: What became of each layer.
            errors: How far it is from Keras.
            delegates: Who runs its nodes.
        """
        signatures = {model.form.name: model.shapes() for model in models}
        first = models[0].form.name
        return cls(
            path=os.fspath(path),
            form=first,
            quantize=quantization.name,
            runtime=runtime.name,
            minimum_runtime=minimum_runtime(file),
            file_bytes=len(file.to_bytes()),
            inputs=signatures[first]["inputs"],
            outputs=signatures[first]["outputs"],
            states=signatures[first]["states"],
            layers=rows,
            operators=file.operator_counts(),
            parity=errors,
            limits=quantization.limits,
            versions=package_versions(),
            signatures=signatures,
            delegates=delegates,
            weights=file.constant_counts(),
            delays=delays_of(models),
        )

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

    def _notes(self) -> list[str]:
        counts = ", ".join(f"{count} {name}" for name, count in sorted(self.operators.items()))
        return [
            *([str(self.choice)] if self.choice else []),
            *self.cut,
            *_choices(self.layers),
            *(f"`{name}` comes {steps} steps late" for name, steps in self.delays.items()),
            *(_signature(name, tensors) for name, tensors in self.signatures.items()),
            f"operators: {counts}",
            f"parity with Keras: {_parity(self.parity, self.limits)}",
            f"numbers in the file: {_counts(self.weights)}",
            *_rounding(self.rounded, self.rounding_loss),
            f"needs runtime {self.minimum_runtime or 'unknown'} or later",
            *(self.delegates.notes() if self.delegates else []),
        ]


def _parity(errors: list[ParityError], limits: ParityLimits) -> str:
    """How far the file is from Keras by each measure, where it is farthest."""
    relative, lasting = (max(getattr(e, name) for e in errors) for name in ("relative", "lasting"))
    flips = [found.flips for found in errors if found.flips is not None]
    choices = f", {max(flips):.1%} other first choices ({limits.flips:.1%})" if flips else ""
    return (
        f"{relative:.2g} of the values' norm ({limits.relative:g} allowed), {lasting:.2g} of the "
        f"largest value lasts in an entry ({limits.lasting:g}){choices}; "
        f"{max(found.rows for found in errors)} results compared"
    )


def _counts(weights: dict[str, int]) -> str:
    return ", ".join(f"{count:,} {kind}" for kind, count in sorted(weights.items()))


def _rounding(rounded: dict[str, str], losses: list[ParityError]) -> list[str]:
    """What was rounded beforehand, what not and why, and what it cost."""
    by_kind: dict[str, list[str]] = {}
    for name, kind in rounded.items():
        by_kind.setdefault(kind, []).append(name)
    notes = [f"{kind}: {', '.join(names)}" for kind, names in by_kind.items()]
    for loss in losses:
        flips = "" if loss.flips is None else f", {loss.flips:.1%} other first choices"
        notes.append(
            f"rounding took `{loss.tensor}` {loss.relative:.2g} of its norm from the model in "
            f"float32{flips}"
        )
    return notes


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
