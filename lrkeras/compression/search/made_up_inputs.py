"""Inputs for a model of which no examples are given."""

from typing import Any

import keras
import numpy as np

from lrkeras.compression.matrices.embedding_owner import EmbeddingOwner
from lrkeras.model_graph.layers_of import has_graph, single_layers

COUNT, STEPS = 64, 32
# Batches of what a model wrote itself, this many steps after each other.
_BATCHES, _APART = 6, 4


def made_up_inputs(model: keras.Model, seed: int = 0) -> list[Any] | None:
    """Draws inputs that a model takes.

    Numbers are normal with variance 1, ids are any that the model's tables hold. A model that
    predicts what its input goes on with (as many classes as there are ids, or features that may
    be one-hot) writes its inputs itself: each is drawn from what it predicts after the last ones.

    Args:
        model: A built model.
        seed: The same seed draws the same inputs.

    Returns:
        Batches as `model.predict_on_batch` takes them, of 64 examples (or the model's own batch
        size) and of 32 steps where their number is free. `None` where the inputs are not known, or
        are neither numbers nor ids.
    """
    if not has_graph(model):
        return None
    rng = np.random.default_rng(seed)
    rows = _smallest_table(model)
    found = [_drawn(tensor, rows, rng) for tensor in model.inputs]
    drawn = [array for array in found if array is not None]
    if len(drawn) < len(found):
        return None
    if len(drawn) == len(model.outputs) == 1:
        classes, start = model.outputs[0].shape[-1], drawn[0]
        if start.ndim == 2 and rows is not None and rows == classes:
            return _written(model, start, lambda ids: ids, rng)
        if start.ndim == 3 and start.shape[-1] == classes and classes > 1:
            one_hot = np.eye(classes, dtype=start.dtype)
            start = one_hot[rng.integers(classes, size=start.shape[:2])]
            return _written(model, start, lambda ids: one_hot[ids], rng)
    if isinstance(model, keras.Sequential):
        return drawn
    return [keras.tree.pack_sequence_as(model.input, drawn)]


def _written(model: keras.Model, window: np.ndarray, encoded: Any, rng: Any) -> list[Any]:
    """Windows of a text that the model goes on with, once what it began with has left them."""
    structure = None if isinstance(model, keras.Sequential) else model.input
    found = []
    for step in range(window.shape[1] + (_BATCHES - 1) * _APART + 1):
        packed = window
        if structure is not None:
            packed = keras.tree.pack_sequence_as(structure, [window])
        done = step - window.shape[1]
        if done >= 0 and done % _APART == 0:
            found.append(packed)
        scores = np.asarray(keras.tree.flatten(model.predict_on_batch(packed))[0], np.float64)
        following = _sampled(scores if scores.ndim == 2 else scores[:, -1], rng)
        last = encoded(following)[:, None].astype(window.dtype)
        window = np.concatenate([window[:, 1:], last], axis=1)
    return found


def _sampled(scores: np.ndarray, rng: Any) -> np.ndarray:
    """A class for each row of probabilities, or of logits."""
    if scores.min() < 0 or not np.allclose(scores.sum(axis=-1), 1, atol=1e-3):
        scores = np.exp(scores - scores.max(axis=-1, keepdims=True))
    ends = np.cumsum(scores, axis=-1)
    drawn = rng.random((len(scores), 1)) * ends[:, -1:]
    return np.minimum((ends <= drawn).sum(axis=-1), scores.shape[-1] - 1)


def _smallest_table(model: keras.Model) -> int | None:
    """Rows of the smallest embedding: ids below are known to all of them."""
    layers = [layer for _, layer, _ in single_layers(model) if EmbeddingOwner.fits(layer)]
    return min((layer.input_dim for layer in layers), default=None)


def _drawn(tensor: keras.KerasTensor, rows: int | None, rng: Any) -> np.ndarray | None:
    batch, *rest = tensor.shape
    shape = (batch or COUNT, *(STEPS if d is None else d for d in rest))
    kind = keras.backend.standardize_dtype(tensor.dtype)
    if kind == "bool":
        return rng.random(shape) < 0.5
    if "int" in kind or ("float" in kind and rows is not None and len(shape) < 3):
        # Keras's Input is of float32 unless told otherwise, before an embedding too. No id is 0,
        # which often stands for what is not there.
        return rng.integers(1, max(2, rows or 2), shape).astype(kind)
    return rng.normal(size=shape).astype(kind) if "float" in kind else None
