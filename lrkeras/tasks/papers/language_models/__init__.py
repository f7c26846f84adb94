"""The papers' language models of words and characters, with states that are carried over.

`rows.py` is the one to read first: it says what names mean. It makes each a config of `config.py`;
`training.py` trains the model of `model.py` on the windows of `token_streams.py`, and
`deployment.py` converts and times it.
"""

from lrkeras.tasks.papers.language_models.config import PaperConfig
from lrkeras.tasks.papers.language_models.rows import LISTED, config_of
from lrkeras.tasks.papers.language_models.training import train
from lrkeras.tasks.papers.named_rows import NamedRows
from lrkeras.tasks.papers.recipe import Recipe

RECIPE = Recipe(NamedRows(config_of, LISTED), PaperConfig, train)

__all__ = ["RECIPE"]
