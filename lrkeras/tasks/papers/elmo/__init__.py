"""A language model in both directions, frozen, compressed and used: Winata et al. 2019 on ELMo.

`rows.py` is the one to read first: it says what names mean. It makes each a config of
`elmo_config.py`; `training.py` trains the `bilm` of `bilm.py` on the windows of `text_windows.py`,
learns the tasks of `downstream/` on top of it, or puts the structures of `compression.py` into one
that was trained.
"""

from lrkeras.tasks.papers.elmo.elmo_config import ElmoConfig
from lrkeras.tasks.papers.elmo.rows import LISTED, config_of
from lrkeras.tasks.papers.elmo.training import train
from lrkeras.tasks.papers.named_rows import NamedRows
from lrkeras.tasks.papers.recipe import Recipe

RECIPE = Recipe(NamedRows(config_of, LISTED), ElmoConfig, train)

__all__ = ["RECIPE"]
