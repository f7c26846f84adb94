"""Batches of fixed-length windows over a stream of tokens."""

from __future__ import annotations

import math

import keras
import numpy as np


def whole_windows(ids: np.ndarray, window: int) -> np.ndarray:
    """As many of the ids as fill windows, so that none is padded; at least one window's."""
    return ids[: max(len(ids) // window, 1) * window]


class TokenWindows(keras.utils.PyDataset):
    """Cuts a stream of token ids into windows whose targets are the next tokens.

    A window starts with a zero state, so windows may come in any order. For training they are
    shuffled, and each pass over the text cuts at another offset. For validation they stay in order
    and cover every token of the stream once, the last one padded with tokens of weight 0. What
    batch `i` of epoch `e` holds depends on the seed, `e` and `i` only, so that a resumed run sees
    what the uninterrupted one would have seen.

    Args:
        ids: int array of shape `(number of tokens,)`.
        window: tokens in a window.
        batch_size: windows in a batch.
        first_id: the id that is fed before the first token of the stream.
        seed: None for validation (in order, all tokens), an integer to shuffle.
        steps_per_epoch: batches in an epoch when shuffling; None for one pass over the text.
        unknown_id: the id of the unknown word, and
        unknown_rate: the share of inputs that are replaced by it when shuffling.

    Attributes:
        epoch: the epoch whose batches are returned when shuffling; set it in `on_epoch_begin`.

    Raises:
        ValueError: the stream is too short to fill one batch of windows.

    A batch is `(inputs, targets)` when shuffling and `(inputs, targets, weights)` otherwise, each
    of shape `(windows, window)`.
    """

    def __init__(
        self,
        ids: np.ndarray,
        *,
        window: int,
        batch_size: int,
        first_id: int,
        seed: int | None = None,
        steps_per_epoch: int | None = None,
        unknown_id: int = 0,
        unknown_rate: float = 0.0,
    ) -> None:
        super().__init__()
        needed = window * (batch_size + 1) if seed is not None else 1
        if len(ids) < needed:
            raise ValueError(
                f"Expected at least {needed} tokens for one batch of {batch_size} "
                f"windows of {window}; received {len(ids)}. Use more text, a smaller batch or a "
                "shorter window."
            )
        self.targets = np.asarray(ids, dtype=np.int32)
        self.inputs = np.concatenate([[first_id], self.targets[:-1]]).astype(np.int32)
        self.window = window
        self.batch_size = batch_size
        self.seed = seed
        self.unknown_id = unknown_id
        self.unknown_rate = unknown_rate
        self.epoch = 0
        # One window is left for the random offset, so that every pass has the same number of
        # batches.
        self._batches_per_pass = (len(ids) // window - 1) // batch_size
        self._steps = steps_per_epoch or self._batches_per_pass

    @property
    def num_batches(self) -> int:
        """The number of batches in an epoch."""
        if self.seed is not None:
            return self._steps
        return math.ceil(len(self.targets) / (self.window * self.batch_size))

    def __getitem__(self, index: int) -> tuple[np.ndarray, ...]:
        if self.seed is None:
            return self._in_order(index)
        return self._shuffled(index, self.seed)

    def _shuffled(self, index: int, seed: int) -> tuple[np.ndarray, ...]:
        number = self.epoch * self._steps + index
        text_pass, position = divmod(number, self._batches_per_pass)
        generator = np.random.default_rng((seed, text_pass))
        offset = generator.integers(self.window)
        order = generator.permutation(self._batches_per_pass * self.batch_size)
        chosen = order[position * self.batch_size : (position + 1) * self.batch_size]
        places = offset + chosen[:, None] * self.window + np.arange(self.window)
        inputs = self.inputs[places]
        if self.unknown_rate:
            hidden = np.random.default_rng((seed, text_pass, position)).random(inputs.shape)
            inputs = np.where(hidden < self.unknown_rate, np.int32(self.unknown_id), inputs)
        return inputs, self.targets[places]

    def _in_order(self, index: int) -> tuple[np.ndarray, ...]:
        size = self.window * self.batch_size
        places = np.arange(index * size, min((index + 1) * size, len(self.targets)))
        rows = math.ceil(len(places) / self.window)
        padding = (0, rows * self.window - len(places))
        weights = np.ones(len(places), dtype=np.float32)
        columns = (self.inputs[places], self.targets[places], weights)
        return tuple(np.pad(column, padding).reshape(rows, self.window) for column in columns)
