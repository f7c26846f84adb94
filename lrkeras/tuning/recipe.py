"""How a file is made of a model."""

import dataclasses
import shlex
from collections.abc import Mapping
from typing import Any

# What the files of a recipe are quantised to.
BITS = ("int8", "int4")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """One way from a trained model to a file.

    Units go first, then matrices become structures, then it is trained, then converted.

    Attributes:
        label: What it is, for people.
        bits: `"int8"` or `"int4"`; the latter is trained with rounded weights at last.
        units: Times fewer parameters by fewer hidden units, or how many stay by name of a layer,
            as for `prune_units`; or None.
        structures: Structure by name of the matrix, or `"auto"`, or empty.
        compression: Times smaller that each of these matrices becomes, or
        budget: what `compress` may spend on the whole model, such as `"350000 B int8"`.
        gate_layout: As in `compress`.
        fresh: Whether training starts from random weights.
        learning_rate: Of the training.
        epochs: Of the training; none leaves the weights as they are.
        distill: Whether the model that was given teaches.
    """

    label: str
    bits: str = "int8"
    units: Any = None
    structures: Any = ()
    compression: float | None = None
    budget: str | None = None
    gate_layout: str = "per_gate"
    fresh: bool = False
    learning_rate: float = 1e-3
    epochs: int = 1
    distill: bool = True

    @classmethod
    def of(cls, config: Mapping[str, Any]) -> "Recipe":
        """A recipe from what `config` gave, read back from JSON."""
        return cls(**config)

    @property
    def config(self) -> dict[str, Any]:
        """The attributes, as JSON holds them."""
        return dataclasses.asdict(self)

    def replace(self, **changes: Any) -> "Recipe":
        """A copy with other attributes."""
        return dataclasses.replace(self, **changes)

    def commands(
        self,
        model: str,
        data: str,
        calibration: str,
        options: str,
        seed: int,
        conversion: str = "",
    ) -> list[str]:
        """The commands that make the file, one after the other, in an empty folder.

        Args:
            model: The file of the model.
            data: What `--data` takes.
            calibration: What `--calibration` takes.
            options: More for `lrkeras fit`, such as the objective.
            seed: Of everything drawn at random.
            conversion: More for `lrkeras convert`, such as the form.
        """
        found, last = [], model
        sample = f"--calibration {shlex.quote(calibration)}"
        if self.units is not None:
            fewer = f"--prune-units {self.units!r}"
            if isinstance(self.units, dict):
                fewer = " ".join(f"--units {name}={count}" for name, count in self.units.items())
            found.append(f"lrkeras compress {last} fewer.keras {fewer} --through-normalization")
            last = "fewer.keras"
        if self.structures:
            size = f"--compression {self.compression!r}"
            if self.budget:
                size = f"--budget '{self.budget}'"
            found.append(
                f"lrkeras compress {last} small.keras {self._structure_options()} {size} "
                f"--gate-layout {self.gate_layout} {sample} --seed {seed}"
            )
            last = "small.keras"
        if self.epochs:
            teacher = f"--teacher {model} " if self.distill else ""
            fresh = "--fresh " if self.fresh else ""
            rounded = "--bits 4 " if self.bits == "int4" else ""
            found.append(
                f"lrkeras fit {last} tuned.keras --data {shlex.quote(data)} {teacher}{fresh}"
                f"{rounded}--epochs {self.epochs} --learning-rate {self.learning_rate!r} "
                f"--seed {seed}{options}"
            )
            last = "tuned.keras"
        found.append(f"lrkeras convert {last} tuned.tflite --quantize {self.bits}{conversion}")
        return found

    def _structure_options(self) -> str:
        if isinstance(self.structures, str):
            return f"--structure {self.structures}"
        given = (f"--structure '{name}={structure}'" for name, structure in self.structures.items())
        block = " --block 1 16" if any("doped" in s for s in self.structures.values()) else ""
        return " ".join(given) + block
