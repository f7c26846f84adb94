"""When the averaging of weights starts, and where averages take the weights' place."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras.tasks.training.run_folder import read_history


class NonMonotonicAveraging(keras.callbacks.Callback):
    """Starts averaging once the validation has not got better for a while; NT-ASGD.

    Merity et al. 2018 (arXiv 1708.02182), algorithm 1, with the condition of their code: the
    validation perplexity of an epoch is above the best of all epochs but the last `patience` ones
    before it. Until `patience + 1` epochs are over there is nothing to compare with. From then on,
    validation sees the averages. Put it after what writes `val_perplexity`.

    Args:
        patience: the latest epochs, before the current one, that are not compared with.
        history_file: the history of a run that was stopped, whose epochs count too.
    """

    def __init__(self, patience: int, history_file: str | pathlib.Path) -> None:
        super().__init__()
        self.patience = patience
        self.history_file = pathlib.Path(history_file)
        self._seen: list[float] = []
        self._weights: list | None = None

    def on_train_begin(self, logs=None) -> None:
        if self.history_file.exists():
            self._seen = read_history(self.history_file).get("val_perplexity", [])

    def on_epoch_begin(self, epoch, logs=None) -> None:
        del self._seen[epoch:]  # of an epoch that was not backed up

    def on_epoch_end(self, epoch, logs=None) -> None:
        now = logs["val_perplexity"]
        before = self._seen[: max(0, len(self._seen) - self.patience)]
        self._seen.append(now)
        optimizer = self.model.optimizer
        if before and now > min(before) and not optimizer.is_averaging:
            self._sync()
            optimizer.start(self.model.trainable_variables)

    def on_test_begin(self, logs=None) -> None:
        if self.model.optimizer.is_averaging:
            self._sync()
            self._weights = [_copy(v) for v in self.model.trainable_variables]
            self._assign(self.model.optimizer.means)

    def on_test_end(self, logs=None) -> None:
        if self._weights is not None:
            self._assign(self._weights)
            self._weights = None

    def on_train_end(self, logs=None) -> None:
        """The model is left with the averages."""
        if self.model.optimizer.is_averaging:
            self._sync()
            self._assign(self.model.optimizer.means)

    def _assign(self, values) -> None:
        for variable, value in zip(self.model.trainable_variables, values, strict=True):
            variable.assign(_copy(value))

    def _sync(self) -> None:
        """Brings variables up to date where the backend keeps them elsewhere while it trains."""
        if hasattr(self.model, "jax_state_sync"):
            self.model.jax_state_sync()


def _copy(value) -> np.ndarray:
    """A value of its own: JAX refuses two variables of one buffer."""
    return np.array(keras.ops.convert_to_numpy(value))
