"""The names of the AN4 rows, and what each is.

A name is a base and, after it, a method and options, all joined by `_`:

* base: `an4`, or `an4_tiny`: made-up utterances and seconds;
* method: `hybrid_stack`, `shared_low_rank`, `toeplitz_like`, `low_rank`, `small_dense`;
* options: `4x` (compression, which all methods need), `rate0.5` (times the learning rate of the
  base), `e15` (epochs; such a run is for choosing a rate and does not read
  the test speakers).
"""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.sizes import METHODS, dense_numbers, widest
from lrkeras.tasks.papers.row_name import RowName

ALL_METHODS = (*METHODS, "small_dense")
# How many times fewer numbers the rows of the table have, and those in which rates are chosen.
SIZE = 4
BASES = {
    "an4": AN4Config(),
    "an4_tiny": AN4Config(
        row="an4_tiny",
        base="an4_tiny",
        corpus="made_up",
        num_layers=2,
        units=32,
        dropout=0.0,
        batch_size=8,
        epochs=20,
        learning_rate=2e-2,
        warmup_steps=5,
        tempo=0.0,
        shift=0.0,
        masked_frames=0,
        masked_coefficients=0,
        beam_width=4,
    ),
}
_OPTIONS = {"method", "compression", "learning_rate", "epochs"}


def config_of(name: str) -> AN4Config:
    """The run of a name.

    Raises:
        ValueError: the name is no base with a method and options of this task.
    """
    parts = RowName.read(name, BASES, ALL_METHODS)
    changes = dict(parts.changes)
    unknown = set(changes) - _OPTIONS
    if unknown:
        raise ValueError(
            f"Expected a method of {', '.join(ALL_METHODS)}, a size such as 4x, rate0.5 or e15 in "
            f"{name!r}; received an option of {', '.join(sorted(unknown))}."
        )
    if (parts.method is None) != ("compression" not in changes):
        raise ValueError(f"Expected both a method and a size such as 4x in {name!r}, or neither.")
    base = BASES[parts.base]
    # Short runs are compared by the validation speakers alone.
    changes["reads_test"] = "epochs" not in changes
    rate = base.learning_rate * changes.pop("learning_rate", 1.0)
    config = dataclasses.replace(base, **changes, learning_rate=rate, row=name)
    return narrowed(config) if config.method == "small_dense" else config


def narrowed(config: AN4Config) -> AN4Config:
    """Layers so narrow that they have the numbers of compressed ones."""
    inputs = config.features
    wanted = dense_numbers(config.units, inputs, config.num_layers) / float(config.compression or 1)
    return dataclasses.replace(config, units=widest(wanted, inputs, config.num_layers))


LISTED = tuple(
    f"{base}{suffix}"
    for base in BASES
    for suffix in ("", *(f"_{method}_{SIZE}x" for method in ALL_METHODS))
)
