"""A text cut into streams that are read window by window."""

from __future__ import annotations

import math

import keras
import numpy as np


class TokenStreams(keras.utils.PyDataset):
    """Contiguous windows of a text, for models whose states are carried over.

    The text is cut into `batch_size` streams of equal length. Batch `i` has window `i` of each, so
    that a row of a batch goes on where the same row of the batch before stopped.

    Args:
        ids: int array of shape `(number of tokens,)`.
        window: tokens in a window.
        batch_size: number of streams.
        first_id: the id that is fed before the first token of the text.
        covers_all: True pads the ends of the streams, with weights of 0, so that every token
            counts once; False leaves out what does not fill a window of every stream.

    Raises:
        ValueError: the text is too short for one window of each stream.

    A batch is `((inputs, targets), targets)` or `((inputs, targets), targets, weights)`, each of
    shape `(batch_size, window)`: a model that computes losses takes the targets as an input.
    """

    def __init__(
        self,
        ids: np.ndarray,
        *,
        window: int,
        batch_size: int,
        first_id: int,
        covers_all: bool = False,
    ) -> None:
        super().__init__()
        needed = 1 if covers_all else window * batch_size
        if len(ids) < needed:
            raise ValueError(
                f"Expected at least {needed} tokens for {batch_size} streams of a window of "
                f"{window}; received {len(ids)}. Use more text, fewer streams or a shorter window."
            )
        targets = np.asarray(ids, dtype=np.int32)
        inputs = np.concatenate([[first_id], targets[:-1]]).astype(np.int32)
        self.window = window
        self.covers_all = covers_all
        per_stream = len(ids) / (window * batch_size)
        self._windows = math.ceil(per_stream) if covers_all else math.floor(per_stream)
        length = math.ceil(len(ids) / batch_size) if covers_all else len(ids) // batch_size
        columns = [inputs, targets, np.ones(len(ids), dtype=np.float32)]
        self._streams = [_streams(column, batch_size, length) for column in columns]

    @property
    def num_batches(self) -> int:
        """The number of windows of a stream."""
        return self._windows

    def __getitem__(self, index: int) -> tuple:
        begin = index * self.window
        inputs, targets, weights = (
            _padded(stream[:, begin : begin + self.window], self.window) for stream in self._streams
        )
        return ((inputs, targets), targets, weights)[: 3 if self.covers_all else 2]


def _streams(column: np.ndarray, count: int, length: int) -> np.ndarray:
    whole = column[: count * length]
    return np.pad(whole, (0, count * length - len(whole))).reshape(count, length)


def _padded(block: np.ndarray, width: int) -> np.ndarray:
    return np.pad(block, ((0, 0), (0, width - block.shape[1])))
