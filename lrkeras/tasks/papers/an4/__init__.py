"""Speech: the CMU AN4 corpus with the matrices of Lu, Sindhwani and Sainath 2016.

`rows.py` is the one to read first: it says what names mean. It makes each a config of `config.py`;
`training.py` trains the model of `model.py`, whose ranks `sizes.py` solves for, on the batches of
`utterance_batches.py`; `decoding.py` counts word errors, and `deployment.py` those of the file.
"""

from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.rows import LISTED, config_of
from lrkeras.tasks.papers.an4.training import train
from lrkeras.tasks.papers.named_rows import NamedRows
from lrkeras.tasks.papers.recipe import Recipe

RECIPE = Recipe(NamedRows(config_of, LISTED), AN4Config, train)

__all__ = ["RECIPE"]
