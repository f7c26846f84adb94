"""The rows of the papers' tables, one run a row: `lrkeras train papers/NAME`.

`language_models/` are those of words and characters, `an4/` is speech, `intents/` intents and
slots, `elmo/` a frozen model in both directions under other tasks, `translation/` translation, each
with a config and a training of its own. Shared are the grammar of their names (`row_name.py`), what
their matrices are made of (`matrices.py`) and how a recipe is told (`recipe.py`). Programs for many
rows, tables and plots are in `tools/papers`.
"""

from __future__ import annotations

import pathlib
from typing import Any

from lrkeras.tasks.papers import an4, elmo, intents, language_models, translation
from lrkeras.tasks.papers.recipes import Recipes

PRESETS = Recipes(
    language_models.RECIPE,
    an4.RECIPE,
    intents.RECIPE,
    elmo.RECIPE,
    translation.RECIPE,
)


def train(
    config: Any,
    out: str | pathlib.Path,
    *,
    data: str | pathlib.Path | None = None,
    start: str | pathlib.Path | None = None,
    verbose: int = 1,
) -> dict:
    """Trains a row with the `train` of its recipe, which says what is written and raised.

    Args:
        config: one of `PRESETS`.
        out: the folder of the run.
        data: the folder of its corpus.
        start: the folder of a finished run, for rows that start from one.
        verbose: Keras's `verbose`.

    Returns:
        What is in its `result.json`.

    Raises:
        TypeError: the config is of no recipe.
    """
    recipe = PRESETS.recipe_of(config)
    return recipe.train(config, out, data=data, start=start, verbose=verbose)


__all__ = ["PRESETS", "train"]
