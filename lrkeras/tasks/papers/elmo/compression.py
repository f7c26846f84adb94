"""A trained language model of which some matrices are made small, without training it again."""

from __future__ import annotations

import json
import pathlib

import keras

from lrkeras.rounding.least_squares import round_weights
from lrkeras.tasks.papers.elmo.bilm import lstm_layers
from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.language_model import BILM, OUTPUT, language_model
from lrkeras.tasks.papers.language_models.start import start_cell
from lrkeras.tasks.training.run_folder import MODEL_FILE, RESULT_FILE

# Fields in which a compressed row is as the run that it starts from.
_SAME = (
    "base",
    "corpus",
    "character_dim",
    "characters",
    "filters",
    "units",
    "projection",
    "num_layers",
    "num_words",
    "tasks",
    "task_seeds",
    "task_units",
    "task_dim",
    "max_examples",
)


def finished_base(config: ElmoConfig, start: str | pathlib.Path | None) -> pathlib.Path:
    """The folder of the finished run whose language model a row compresses.

    Args:
        config: the row.
        start: the folder, as it was given.

    Raises:
        ValueError: no folder was given, or it holds another run.
        FileNotFoundError: the folder has no finished run.
    """
    if start is None:
        raise ValueError(
            f"papers/{config.row} compresses a trained language model; received no folder. Train "
            f"papers/{config.base} first and pass its folder as `start` (--start on the command "
            "line)."
        )
    folder = pathlib.Path(start)
    if not (folder / RESULT_FILE).is_file() or not (folder / MODEL_FILE).is_file():
        raise FileNotFoundError(
            f"Expected a finished run in {str(folder)!r}; {RESULT_FILE} or {MODEL_FILE} is not "
            f"there. Train papers/{config.base} into it first."
        )
    found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    wanted = {name: json.loads(json.dumps(getattr(config, name))) for name in _SAME}
    changed = [name for name in _SAME if found.get(name) != wanted[name]]
    if changed or found.get("method") != "dense":
        raise ValueError(
            f"Expected the run papers/{config.base} in {str(folder)!r}; received "
            f"papers/{found.get('row')} with another {', '.join(changed) or 'method'}."
        )
    return folder


def compressed(config: ElmoConfig, dense: keras.Model) -> keras.Model:
    """A copy of a trained `language_model` with the structures of a row in its LSTMs, or rounded.

    Args:
        config: the row: `"svd"`, `"semi_nmf"`, `"pruned"` or `"int8"`.
        dense: the language model; it stays as it is.
    """
    output = dense.get_layer(OUTPUT)
    model = language_model(config, output.num_words)
    model.get_layer(OUTPUT).set_weights(output.get_weights())
    ours, theirs = model.get_layer(BILM), dense.get_layer(BILM)
    ours.get_layer("words").set_weights(theirs.get_layer("words").get_weights())
    for target, source in zip(lstm_layers(ours), lstm_layers(theirs), strict=True):
        start_cell(target.cell, source.cell, config)
        if config.method == "int8":
            _round(target)
    return model


def _round(layer: keras.layers.Layer) -> None:
    """Rounds the matrices of a layer to eight bits, each output with a scale of its own."""
    for weight in layer.trainable_weights:
        if len(weight.shape) == 2:
            matrix = keras.ops.convert_to_numpy(weight)
            weight.assign(round_weights(matrix, 8).dense())
