"""Translating with the Keras model, a batch of sentences at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.system.optional_imports import require
from lrkeras.tasks.papers.translation.model import ATTENTION, COMBINED, DECODER, ENCODER, TABLE
from lrkeras.tasks.papers.translation.sub_words import END, PADDING, START, padded

_BATCH = 128


def translate(
    model: keras.Model, sources: Sequence[Sequence[int]], longest: int
) -> list[list[int]]:
    """The likeliest next sub-word each time, until the end (`keras_hub.samplers.GreedySampler`).

    Args:
        model: a `translator`.
        sources: ids of sentences; what is beyond `longest` is not read.
        longest: sub-words of a translation at most.

    Returns:
        The ids of each translation, without start and end.
    """
    order = np.argsort([len(ids) for ids in sources], kind="stable")
    found: list[list[int]] = [[] for _ in sources]
    for begin in range(0, len(order), _BATCH):
        places = order[begin : begin + _BATCH]
        rows = [list(sources[place][:longest]) for place in places]
        for place, ids in zip(places, _translate_batch(model, rows, longest), strict=True):
            found[place] = ids
    return found


def _translate_batch(model: keras.Model, rows: list[list[int]], longest: int) -> list[list[int]]:
    sampler = require("keras_hub", "translation").samplers.GreedySampler()
    prompt = np.full((len(rows), 1 + longest), PADDING, "int32")
    prompt[:, 0] = START
    # Of one sub-word, Keras would warn of a softmax over it.
    cache = _read(model, padded(rows, max(2, *map(len, rows))))

    def next_scores(prompt, cache, index):
        scores, cache = _write(model, prompt[:, index - 1][:, None], cache)
        return scores[:, 0], None, cache

    given = sampler(
        next_scores, ops.convert_to_tensor(prompt), cache, index=1, stop_token_ids=(END,)
    )
    return [_before_end(row[1:]) for row in ops.convert_to_numpy(given).tolist()]


def _before_end(ids: list[int]) -> list[int]:
    return ids[: ids.index(END)] if END in ids else ids


def _read(model: keras.Model, source: np.ndarray) -> dict[str, Any]:
    """What the decoder needs of a source: the memory, its mask, and the first states."""
    mask = ops.convert_to_tensor(source != PADDING)
    hidden, states = model.get_layer(TABLE)(source), []
    for name in ENCODER:
        hidden, *last = model.get_layer(name)(hidden, mask=mask)
        states.append(last)
    return {"memory": hidden, "mask": mask, "states": states}


def _write(model: keras.Model, tokens: Any, cache: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Logits `(sentences, 1, num_pieces)` after one sub-word, and what the next step needs."""
    hidden, states = model.get_layer(TABLE)(tokens), []
    for name, before in zip(DECODER, cache["states"], strict=True):
        # No mask: what comes behind the end is cut off.
        hidden, *last = model.get_layer(name)(hidden, initial_state=before, mask=None)
        states.append(last)
    attend = model.get_layer(ATTENTION)
    context = attend([hidden, cache["memory"]], mask=[None, cache["mask"]])
    combined = model.get_layer(COMBINED)(ops.concatenate([hidden, context], axis=-1))
    return model.get_layer(TABLE)(combined, reverse=True), {**cache, "states": states}
