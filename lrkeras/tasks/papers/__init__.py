"""The language models of the papers' tables, one run a row: `lrkeras train papers/NAME`.

`rows.py` is the file to read first: it says what names mean. It makes each a config of `config.py`;
`training.py` trains the model of `model.py`, whose matrices `matrices.py` chooses, on the windows
of `token_streams.py`, and `deployment.py` converts and times it. Programs for many rows, tables and
plots are in `tools/papers`.
"""

from lrkeras.tasks.papers.rows import Rows
from lrkeras.tasks.papers.training import train

PRESETS = Rows()

__all__ = ["PRESETS", "train"]
