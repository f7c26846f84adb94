"""The papers' language-model results, one run a row: `lrkeras train papers/NAME --data DIR`."""

from lrkeras.tasks.papers.rows import Rows
from lrkeras.tasks.papers.training import train

PRESETS = Rows()

__all__ = ["PRESETS", "train"]
