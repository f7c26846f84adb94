"""The names of the rows of translation, and what each is.

A name is `multi30k` (512 units), `multi30k_256` (256 units) or `multi30k_tiny` (made-up sentences,
seconds), and after it a method and options as in `lrkeras.tasks.papers.language_models.rows`:
`multi30k_256_hybrid_10x`, `multi30k_doped_kronecker_20x_dropout0`. The matrices are those over
`[x; h]` of each gate of the four LSTMs; table, attention and scores stay as they are.

Every row of a base is trained alike but for the learning rate, of which `rate2` is twice the one of
the base. `e3` names a run of fewer epochs that chooses the rate, and does not read the test.
"""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.row_name import RowName
from lrkeras.tasks.papers.translation.translation_config import BASES, TranslationConfig

METHODS = ("hybrid", "low_rank", "pruned", "doped_kronecker", "kronecker", "small_dense")
SIZES = (10, 20)


def config_of(name: str) -> TranslationConfig:
    """The run of a name.

    Raises:
        ValueError: the name is no base with a method, a size and options of these rows.
    """
    parts = RowName.read(name, BASES, METHODS)
    base = BASES[parts.base]
    known = {field.name for field in dataclasses.fields(TranslationConfig)}
    changes = dict(parts.changes)
    strange = sorted((set(changes) - known) | ({"where", "rank", "dropout"} & set(changes)))
    if strange:
        raise ValueError(
            f"Expected options that rows of translation have in {name!r}; received one for "
            f"{', '.join(strange)}. Leave it out."
        )
    # What chooses a rate is compared on validation sentences alone.
    changes["reads_test"] = "epochs" not in changes
    changes["learning_rate"] = base.learning_rate * changes.pop("learning_rate", 1.0)
    config = dataclasses.replace(base, **changes, row=name)
    if (config.method == "dense") != (config.compression is None):
        raise ValueError(f"Expected both a method and a size such as 10x in {name!r}, or neither.")
    if config.method == "small_dense":
        return dataclasses.replace(config, units=narrowed_units(config))
    return config


def layer_inputs(config: TranslationConfig) -> tuple[int, int]:
    """Numbers that the first and the second LSTM of encoder and decoder read at each step."""
    return config.embedding_dim, config.units


def dense_parameters(config: TranslationConfig) -> int:
    """Numbers of the four LSTMs if they are dense, biases counted."""
    return 2 * sum(
        4 * config.units * (inputs + config.units + 1) for inputs in layer_inputs(config)
    )


def narrowed_units(config: TranslationConfig) -> int:
    """The units at which dense layers have no more numbers than the compressed ones.

    Raises:
        ValueError: one unit has more.
    """
    wanted = dense_parameters(config) / float(config.compression or 1)
    for units in range(config.units, 0, -1):
        if dense_parameters(dataclasses.replace(config, units=units)) <= wanted:
            return units
    raise ValueError(f"No width of {config.base!r} is {config.compression:g} times smaller.")


def row_name(base: str, method: str, size: int) -> str:
    """The row of the table of a method and a size.

    Doped rows are without co-matrix dropout, which cost quality in all language models of
    `docs/results/papers.md`.
    """
    return f"{base}_{method}_{size}x{'_dropout0' if method == 'doped_kronecker' else ''}"


def rows_of(base: str) -> list[str]:
    """The rows of the table of a base: dense, and each method in each size."""
    return [base, *(row_name(base, method, size) for size in SIZES for method in TABLE)]


# Single Kronecker products alone are far too small at these sizes to be in the table.
TABLE = tuple(method for method in METHODS if method != "kronecker")
LISTED = (
    *(name for base in ("multi30k", "multi30k_256") for name in rows_of(base)),
    *(f"{base}_doped_kronecker_10x" for base in ("multi30k", "multi30k_256")),
    "multi30k_tiny",
)
