"""What rows that are trained at the same time go on from after a stop."""

from __future__ import annotations

import dataclasses
import json
import pathlib
import time
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lrkeras.system.atomic_write import written_whole
from lrkeras.tasks.papers.language_models.config import PaperConfig

# Of many rows on a GPU, an epoch takes seconds and a file of their weights as long.
SECONDS = 60


class SideBySideBackup:
    """The weights and the histories of some rows after an epoch, in one file.

    Args:
        file: the file; its folder is made when it is saved.
        configs: the rows. A file of others, or of the same in another order, is not read.
    """

    def __init__(self, file: pathlib.Path, configs: list[PaperConfig]) -> None:
        self.file = file
        self._rows = json.dumps([dataclasses.asdict(config) for config in configs])
        self._saved = time.monotonic()

    def save(self, weights: Any, histories: list[dict]) -> None:
        """Writes the file, unless it was written less than `SECONDS` ago."""
        if time.monotonic() < self._saved + SECONDS:
            return
        rows, texts = np.array(self._rows), np.array(json.dumps(histories))
        leaves = jax.device_get(jax.tree.leaves(weights))
        self.file.parent.mkdir(parents=True, exist_ok=True)
        with written_whole(self.file) as unfinished:
            np.savez(unfinished, *leaves, rows=rows, histories=texts)
        self._saved = time.monotonic()

    def restore(self, weights: Any) -> tuple[Any, list[dict]] | None:
        """Weights of the same structure from the file, and the histories; None if it has none."""
        if not self.file.exists():
            return None
        with np.load(self.file) as stored:
            if str(stored["rows"]) != self._rows:
                return None
            leaves = [jnp.asarray(stored[f"arr_{n}"]) for n in range(len(stored.files) - 2)]
            histories = json.loads(str(stored["histories"]))
        return jax.tree.unflatten(jax.tree.structure(weights), leaves), histories

    def delete(self) -> None:
        """Deletes the file."""
        self.file.unlink(missing_ok=True)
