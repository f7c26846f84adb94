"""The names of the papers' rows, and what each is.

A name is a base and, after it, a method and options in any order, all joined by `_`:

* base: `ptb_small`, `ptb_medium`, `ptb_large`, `ptb_awd`, `ptb_rhn`, `ptb_rhn_small`,
  `ptb_characters`, `tiny`;
* method: `kronecker`, `monarch`, `low_rank`, `hybrid`, the same with `doped_` before them,
  `pruned`, `small_dense`, `units` (as `small_dense`, but trained wide, its units pruned to as many
  numbers as that has); `svd`, `semi_nmf` and `pruned` with `input` or `recurrent` and a rank;
* options: `25x` (compression), `stacked` (a matrix over `[x; h]` for all gates, not for each),
  `10terms`, `r50` (rank), `1x16` (blocks of the sparse part), `bytes` (its indices count),
  `element_bytes` (as many bytes as single entries would take), `pooled` (one mask over all gates
  and layers),
  `dropout0.3` (co-matrix dropout), `dropout0.3until0.8` (that until a sparsity), `power2`,
  `window10to70` (percent of the run in which the sparsity rises), `rate0.25` (times the learning
  rate of the base), `hold7` (epochs at the full rate), `decay0.7` (of the rate after each epoch
  from then on), `iodropout0.25` (of the embedded words, between layers, before the output),
  `taught0.5` (half of the loss is the distance to the words of the trained dense run), `started`
  (from that run), `reordered` (units too), `e6` (epochs), `float32` (every product of the
  training).
"""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.language_models.config import BASES, PaperConfig
from lrkeras.tasks.papers.language_models.model import dense_parameters
from lrkeras.tasks.papers.row_name import RowName

_SIZED = ("pruned", "low_rank", "hybrid", "small_dense", "units")
_POST_TRAINING_EPOCHS = 3
# Of schedules of fewer epochs than a base has: faster, and the last of them would change nothing.
_FASTEST_DECAY = 0.5


def config_of(name: str) -> PaperConfig:
    """The run of a name.

    Raises:
        ValueError: the name is no base with a method and options.
    """
    parts = RowName.read(name, BASES)
    changes = dict(parts.changes)
    config = _with_epochs(BASES[parts.base], changes.pop("epochs", None))
    if "learning_rate" in changes:
        changes["learning_rate"] *= config.learning_rate
    config = dataclasses.replace(config, **changes, row=name)
    return _checked(_post_training(config, parts.method, changes))


def _with_epochs(config: PaperConfig, epochs: int | None) -> PaperConfig:
    """The same schedule in other many epochs.

    It ends at the same learning rate, or, where they are so few that this would fall faster, the
    rate is halved after each.
    """
    if epochs is None or epochs == config.epochs:
        return config
    constant = max(1, round(config.constant_epochs * epochs / config.epochs))
    before, after = config.epochs - config.constant_epochs, epochs - constant
    decay = config.decay ** (before / after) if after > 0 and before > 0 else 1.0
    decay = max(decay, min(_FASTEST_DECAY, config.decay))
    return dataclasses.replace(config, epochs=epochs, constant_epochs=constant, decay=decay)


def _post_training(config: PaperConfig, method: str | None, changes: dict) -> PaperConfig:
    """Rows that compress a trained model and tune it for a few epochs at a low rate."""
    if method in ("svd", "semi_nmf") or (method == "pruned" and config.rank is not None):
        tuned = dataclasses.replace(
            config,
            is_started=True,
            where=config.where if "where" in changes else "recurrent",
            learning_rate=config.learning_rate / 8,
            epochs=_POST_TRAINING_EPOCHS,
            constant_epochs=1,
            decay=0.5,
            recurrent_dropout=0.0,
            patience=None,
        )
        return tuned
    return config


def _checked(config: PaperConfig) -> PaperConfig:
    sized = config.method in _SIZED or config.is_doped
    if sized and config.compression is None and config.rank is None:
        raise ValueError(f"Expected a size such as 20x in {config.row!r}; received none.")
    if config.pooled and config.is_pruned_at_once:
        raise ValueError(
            f"Matrices of {config.row!r} are pruned at once, each by itself. Leave pooled, or "
            f"{config.where}, out."
        )
    if not 0 <= config.teacher_weight <= 1:
        raise ValueError(f"Expected a share of 0 to 1 in {config.row!r}, such as taught0.5.")
    if config.method == "small_dense":
        return narrowed(config)
    if config.teacher_weight and config.method == "units":
        raise ValueError(
            f"Units of {config.row!r} cannot be followed beside a teacher. Leave taught out."
        )
    if config.method == "units" and config.recurrent_dropout:
        raise ValueError(
            f"Units of {config.base!r} cannot be followed through matrices with dropout of their "
            "own. Choose a base without recurrent dropout."
        )
    if config.method in ("svd", "semi_nmf") and config.rank is None:
        raise ValueError(f"Expected a rank such as r50 in {config.row!r}; received none.")
    return config


def narrowed(config: PaperConfig) -> PaperConfig:
    """Layers so narrow that they have the numbers of compressed ones; the tables stay as they are.

    The last layer's width is that of a tied table and stays too.
    """
    wanted = dense_parameters(config) / float(config.compression or 1)
    for units in range(max(config.units), 0, -1):
        kept = config.units[-1:] if config.is_tied else (units,)
        narrow = dataclasses.replace(config, units=(*(units,) * (len(config.units) - 1), *kept))
        if dense_parameters(narrow) <= wanted:
            return narrow
    raise ValueError(f"No width of {config.base!r} is {config.compression:g} times smaller.")


def _listed() -> tuple[str, ...]:
    names = [*BASES]
    for base in ("ptb_small", "ptb_medium", "ptb_characters"):
        names += [f"{base}_{suffix}" for suffix in _suffixes()]
    names += [f"ptb_large_{m}" for m in ("kronecker", "doped_kronecker_25x", "pruned_20x")]
    names += ["ptb_rhn_small_doped_kronecker_10x", "ptb_rhn_doped_kronecker_20x"]
    for base, ranks in (
        ("ptb_small", (10, 50, 100)),
        ("ptb_medium", (10, 50, 100, 200, 400)),
        ("ptb_awd", (10, 50, 100, 200, 400)),
        ("ptb_characters", (10, 50)),
    ):
        names += [
            f"{base}_{method}_{where}_r{rank}"
            for method in ("svd", "semi_nmf", "pruned")
            for where in ("input", "recurrent")
            for rank in ranks
        ]
    return tuple(dict.fromkeys(names))


def _suffixes() -> list[str]:
    doped = "doped_kronecker"
    found = ["kronecker", "kronecker_20x", "kronecker_10x", "monarch", "monarch_10x"]
    found += [f"{doped}_{ratio}x" for ratio in (10, 20, 25)]
    found += [f"{doped}_{ratio}x_dropout0" for ratio in (10, 20, 25)]
    found += [f"{doped}_20x_dropout{rate}" for rate in (0.05, 0.1, 0.3, 0.5)]
    found += [f"{doped}_20x_power{power}" for power in (1, 2)]
    found += [f"{doped}_20x_window{window}" for window in ("5to30", "5to75", "20to60")]
    for block in ("1x4", "1x16"):
        found += [f"{doped}_20x_{block}", f"{doped}_20x_{block}_element_bytes"]
    found += [f"{doped}_20x_bytes", f"{doped}_25x_bytes"]
    found += [f"{doped}_20x_started", f"{doped}_20x_1x16_started", f"{doped}_20x_1x16_reordered"]
    for ratio in (2, 5, 10, 20):
        found += [f"{m}_{ratio}x" for m in _SIZED]
    found += [
        f"doped_{m}_{ratio}x" for m in ("low_rank", "hybrid", "monarch") for ratio in (10, 20)
    ]
    return found


# The large model's Kronecker products alone are 750 times smaller, those of the medium one 339
# times: 100x is for these.
LISTED = (
    *_listed(),
    "ptb_medium_doped_kronecker_100x",
    "ptb_medium_doped_kronecker_100x_dropout0",
    "ptb_small_doped_kronecker_50x",
)
