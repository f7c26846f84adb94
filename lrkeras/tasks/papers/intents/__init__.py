"""Intents and slots: what a sentence asks for, and which words say of what.

`rows.py` is the file to read first: it says what names mean. `encoded_corpus.py` makes numbers of
the sentences of `lrkeras.datasets.intents`, `training.py` trains the model of `model.py` on the
batches of `sentence_batches.py`, `intent_scores.py` judges it, and `file_of_model.py` converts it.

Words are split where the corpora split them, since slots are tags of these words; there is nothing
for a tokenizer of sub-words, such as those of keras-hub, to do.
"""

from lrkeras.tasks.papers.intents.intent_config import IntentConfig
from lrkeras.tasks.papers.intents.rows import LISTED, config_of
from lrkeras.tasks.papers.intents.training import train
from lrkeras.tasks.papers.named_rows import NamedRows
from lrkeras.tasks.papers.recipe import Recipe

RECIPE = Recipe(NamedRows(config_of, LISTED), IntentConfig, train)

__all__ = ["RECIPE"]
