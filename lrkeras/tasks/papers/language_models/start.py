"""The trained dense run that another starts or learns from."""

from __future__ import annotations

import json
import pathlib
from typing import Protocol

import keras
import numpy as np
from keras import ops

from lrkeras.compression.unit_order.find_order import cluster_rows
from lrkeras.compression.unit_order.unit_graph import UnitGraph, reorder_units
from lrkeras.compression.warm_start import warm_start
from lrkeras.structures import Structure
from lrkeras.structures.matrix_norms import matrix_norms
from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.model import (
    copy_weights,
    dense_of,
    full_sizes,
    logit_model,
    recurrent_layers_of,
)
from lrkeras.tasks.training.run_folder import MODEL_FILE


class Startable(Protocol):
    """What a config says of the structures that start from dense matrices."""

    @property
    def method(self) -> str:
        """How the matrices are made."""

    @property
    def is_pruned_at_once(self) -> bool:
        """Whether a sparse part is at its target from the start."""


def dense_model(config: PaperConfig, start: str | pathlib.Path | None) -> keras.Model:
    """Loads the trained dense model that a run starts or learns from.

    Args:
        config: the run.
        start: the folder of the dense run.

    Raises:
        ValueError: no folder was given, or it holds another model.
        FileNotFoundError: the folder has no finished run.
    """
    if start is None:
        raise ValueError(
            f"papers/{config.row} needs a trained dense model; received no folder. Train "
            f"papers/{config.base} first and pass its folder as `start` (--start on the command "
            "line)."
        )
    if config.cell != "lstm":
        raise ValueError(
            f"Expected an LSTM to start or learn from; papers/{config.row} has cells "
            f"{config.cell!r}. Train it from random weights."
        )
    folder = pathlib.Path(start)
    if not (folder / MODEL_FILE).is_file():
        raise FileNotFoundError(
            f"Expected a finished run with the file {MODEL_FILE!r} in {str(folder)!r}; there is "
            f"none. Train papers/{config.base} into it first."
        )
    found = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    same = ("cell", "units", "depth", "embedding_dim", "is_tied", "corpus", "num_words")
    sizes = dense_of(full_sizes(config))
    wanted = json.loads(json.dumps({name: getattr(sizes, name) for name in same}))
    changed = [name for name in same if found.get(name) != wanted[name]]
    if changed or found.get("method") != "dense":
        raise ValueError(
            f"Expected the dense run papers/{config.base} in {str(folder)!r}; received "
            f"papers/{found.get('row')} with another {', '.join(changed) or 'method'}."
        )
    return keras.saving.load_model(folder / MODEL_FILE, compile=False)


def start_from(model: keras.Model, dense: keras.Model, config: PaperConfig) -> None:
    """Gives a model the weights of a dense one of its sizes, its structures fitted to them.

    A sparse part that is annealed starts dense, so that the model is the dense one at first; one
    that is not is at its target at once.

    Args:
        model: a `loss_model` or `logit_model` of the config.
        dense: a `logit_model` of the dense config.
        config: the run.

    Raises:
        ValueError: the units of the dense model cannot be reordered.
    """
    if config.is_reordered:
        dense = with_clustered_units(dense, config)
    plain = logit_model(dense_of(config), dense.output_shape[-1])
    copy_weights(dense, plain)
    # Tables, outputs: what has no structure.
    for layer in plain.layers:
        names = [inner.name for inner in model.layers]
        if layer.weights and not isinstance(layer, keras.layers.RNN) and layer.name in names:
            counterpart = model.get_layer(layer.name)
            if counterpart.weights and len(counterpart.weights) == len(layer.weights):
                counterpart.set_weights(layer.get_weights())
    for target, source in zip(recurrent_layers_of(model), recurrent_layers_of(plain), strict=True):
        start_cell(target.cell, source.cell, config)


def start_cell(target, source, config: Startable) -> None:
    """Gives a cell the weights of a dense one of its sizes, its structures fitted to them."""
    target.bias.assign(source.bias)
    if getattr(target, "projection_kernel", None) is not None:
        target.projection_kernel.assign(source.projection_kernel)
    if getattr(target, "joint_structure", None) is not None:
        parts = [ops.convert_to_numpy(w) for w in (source.kernel, source.recurrent_kernel)]
        _set(target.joint_structure, np.concatenate(parts), config)
        return
    _set_or_copy(target, source, "kernel", target.kernel_structure, config)
    _set_or_copy(target, source, "recurrent_kernel", target.recurrent_structure, config)


def _set_or_copy(target, source, name: str, structure: Structure | None, config: Startable) -> None:
    if structure is None:
        getattr(target, name).assign(getattr(source, name))
    else:
        _set(structure, ops.convert_to_numpy(getattr(source, name)), config)


def _set(structure: Structure, matrix: np.ndarray, config: Startable) -> None:
    if config.method == "semi_nmf":
        structure.fit(matrix, method="semi_nmf")
    elif config.is_pruned_at_once:
        structure.from_dense(matrix)
    else:
        warm_start(structure, matrix)


def with_clustered_units(dense: keras.Model, config: PaperConfig) -> keras.Model:
    """A copy of a dense model whose units lie beside those that matter to the same gates.

    The function stays the same; blocks of consecutive units then hold more of a matrix.
    """
    width = config.block[1] if config.block else 16
    graph = UnitGraph(dense)
    orders = {}
    for name, layer in graph.layers.items():
        read = [np.square(ops.convert_to_numpy(layer.cell.recurrent_kernel))]
        for reader, first in graph.readers[name]:
            if isinstance(reader, keras.layers.RNN):
                kernel = ops.convert_to_numpy(reader.cell.kernel)
                read.append(np.square(kernel[first : first + layer.cell.units]))
        orders[name] = cluster_rows(np.sqrt(np.concatenate(read, axis=1)), width)
    if not orders:
        raise ValueError(
            f"The order of the units of {dense.name!r} is not free: something other than a matrix "
            "reads them, such as a tied table. Choose a row without `_reordered`."
        )
    return reorder_units(dense, orders)


def norms_per_entry(dense: keras.Model) -> list[dict]:
    """Norms of the matrices of a trained model, by layer: how sparse and how low in rank they are.

    Those of `lrkeras.structures.matrix_norms` in the scale that the results of the papers' rows
    are kept in, by the number of entries: `l1` is the largest `L_j` over the number of outputs,
    `l1_spread` the variance of the `L_j` over their squared mean, `nuclear` the sum of the
    singular values over the square root of the number of entries.
    """
    rows = []
    for layer in recurrent_layers_of(dense):
        for role, name in (("input", "kernel"), ("recurrent", "recurrent_kernel")):
            w = np.asarray(ops.convert_to_numpy(getattr(layer.cell, name)), np.float64)
            norms, frobenius = matrix_norms(w), float(np.linalg.norm(w))
            rows.append(
                {
                    "layer": layer.name,
                    "role": role,
                    "shape": list(w.shape),
                    "l1": norms["l1"] / w.shape[1],
                    "l1_spread": norms["l1_spread"] ** 2,
                    "nuclear": norms["nuclear"] * frobenius / np.sqrt(max(w.shape)),
                    "frobenius": frobenius,
                }
            )
    return rows
