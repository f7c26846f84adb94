"""The names of the rows of intents and slots, and what each is.

A name is `atis`, `snips`, `clinc150`, `banking77` or `snips_tiny`, and after it a method and
options as in `lrkeras.tasks.papers.language_models.rows`: `snips_hybrid_5x`, `atis_units_2x`,
`clinc150_doped_kronecker_10x_dropout0`. The matrices are those over `[x; h]` of each gate of both
directions; the word table stays as it is.

Every row of a corpus is trained alike but for the learning rate, which each kind of matrices has
its own of: the one of 4e-3, 8e-3, 16e-3 and 32e-3 that validated best on SNIPS at 5x, seed 1
(`tools/papers/papers_queue_intents_rates.txt`). `rate1`, `rate2`, `rate4` and `rate8` name them.
"""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.intents.intent_config import BASES, IntentConfig
from lrkeras.tasks.papers.row_name import RowName

METHODS = ("pruned", "low_rank", "hybrid", "kronecker", "doped_kronecker", "small_dense", "units")
SIZES = (2, 5, 10)
# What the rate of the base is multiplied by for each kind.
RATES: dict[str, float] = {
    "dense": 4,
    "hybrid": 8,
    "low_rank": 4,
    "pruned": 8,
    "kronecker": 4,
    "doped_kronecker": 4,
    "small_dense": 4,
    "units": 4,
}


def config_of(name: str) -> IntentConfig:
    """The run of a name.

    Raises:
        ValueError: the name is no base with a method, a size and options of these rows.
    """
    parts = RowName.read(name, BASES, METHODS)
    base = BASES[parts.base]
    known = {field.name for field in dataclasses.fields(IntentConfig)}
    changes = dict(parts.changes)
    strange = sorted((set(changes) - known) | ({"where", "rank"} & set(changes)))
    if strange:
        raise ValueError(
            f"Expected options that rows of intents have in {name!r}; received one for "
            f"{', '.join(strange)}. Leave it out."
        )
    rate = changes.pop("learning_rate", RATES.get(parts.method or "dense", 1.0))
    changes["learning_rate"] = base.learning_rate * rate
    config = dataclasses.replace(base, **changes, row=name)
    if config.method != "dense" and config.compression is None:
        raise ValueError(f"Expected a size such as 5x in {name!r}; received none.")
    if config.method == "small_dense":
        return dataclasses.replace(config, units=narrowed_units(config))
    return config


def dense_parameters(config: IntentConfig) -> int:
    """Numbers of dense LSTMs in both directions, biases counted."""
    return 2 * 4 * config.units * (config.embedding_dim + config.units + 1)


def narrowed_units(config: IntentConfig) -> int:
    """The units at which dense layers have no more numbers than the compressed ones.

    Raises:
        ValueError: one unit has more.
    """
    wanted = dense_parameters(config) / float(config.compression or 1)
    for units in range(config.units, 0, -1):
        if dense_parameters(dataclasses.replace(config, units=units)) <= wanted:
            return units
    raise ValueError(f"No width of {config.base!r} is {config.compression:g} times smaller.")


def rows_of(base: str) -> list[str]:
    """The rows of the table of a corpus: dense, and each method in each size.

    Doped rows are without co-matrix dropout, which cost quality in all language models of
    `docs/results/papers.md`.
    """
    rest = {"doped_kronecker": "_dropout0"}
    return [
        base,
        *(f"{base}_{method}_{size}x{rest.get(method, '')}" for size in SIZES for method in METHODS),
    ]


LISTED = (
    *(name for base in BASES if base != "snips_tiny" for name in rows_of(base)),
    *(f"snips_doped_kronecker_{size}x" for size in SIZES),
    "snips_tiny",
)
