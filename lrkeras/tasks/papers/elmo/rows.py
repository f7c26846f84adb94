"""The names of the ELMo rows, and what each is.

A name is a base and, after it, a method and options, all joined by `_`:

* base: `elmo`; `elmo_words`, the same tasks without a language model; or `elmo_tiny`: text of the
  package, seconds and no task;
* method: `svd`, `semi_nmf` or `pruned`, with `input` or `recurrent` (the matrices) and `r10` (the
  rank, or as many numbers as factors of this rank have): the language model of a finished run of
  the base, given as `start`, compressed and not trained again, under the tasks learnt on it;
* `int8`: that language model with the matrices of its LSTMs rounded to eight bits, the rival that
  costs nothing;
* `small_dense_r10`: LSTMs so narrow that they have the numbers of compressed ones, trained as the
  base was.
"""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.elmo.elmo_config import BASES, ElmoConfig
from lrkeras.tasks.papers.row_name import RowName

METHODS = ("svd", "semi_nmf", "pruned")
WHERE = ("input", "recurrent")
RANKS = (10, 50, 100)
_OPTIONS = {"method", "where", "rank"}


def config_of(name: str) -> ElmoConfig:
    """The run of a name.

    Raises:
        ValueError: the name is no base with a method, matrices and a rank of these rows.
    """
    parts = RowName.read(name, BASES, (*METHODS, "small_dense", "int8"))
    changes, base = dict(parts.changes), BASES[parts.base]
    needed = {
        None: set(),
        "int8": {"method"},
        "small_dense": {"method", "rank"},
    }.get(parts.method, _OPTIONS)
    if set(changes) != needed or changes.get("where", "input") not in WHERE:
        raise ValueError(
            f"Expected a base, or one with svd, semi_nmf or pruned, input or recurrent and a rank "
            f"such as r10, with small_dense and a rank, or with int8 in {name!r}; received options "
            f"for {', '.join(sorted(changes)) or 'nothing'}."
        )
    if parts.method is not None and not base.has_language_model:
        raise ValueError(f"{name!r} has no language model to be made small. Take another base.")
    config = dataclasses.replace(base, **changes, row=name)
    return narrowed(config) if config.method == "small_dense" else config


def lstm_numbers(units: int, projection: int) -> int:
    """Numbers of an LSTM that reads as much as it gives on: matrices, projection and biases."""
    return 2 * 4 * units * projection + 4 * units + units * projection


def narrowed(config: ElmoConfig) -> ElmoConfig:
    """LSTMs with at most the numbers of ones of which one matrix is two factors of the rank.

    Raises:
        ValueError: one unit has more.
    """
    matrix = config.projection * 4 * config.units
    factors = (config.rank or 0) * (config.projection + 4 * config.units)
    wanted = lstm_numbers(config.units, config.projection) - matrix + factors
    units = wanted // lstm_numbers(1, config.projection)
    if units < 1:
        raise ValueError(f"No width of {config.base!r} has the numbers of rank {config.rank}.")
    return dataclasses.replace(config, units=units)


COMPRESSED = tuple(
    f"elmo_{method}_{where}_r{rank}" for where in WHERE for method in METHODS for rank in RANKS
)
LISTED = ("elmo", "elmo_words", "elmo_small_dense_r10", "elmo_int8", *COMPRESSED, "elmo_tiny")
