"""Translation: captions of pictures from English to German (Multi30k).

`rows.py` is the one to read first: it says what names mean. It makes each a config of
`translation_config.py`; `training.py` trains the model of `model.py` on the batches of
`pair_batches.py`, `greedy.py` translates with it while it trains, `file_of_model.py` converts it
and translates the test with the file, and `translation_scores.py` counts.

What keras-hub has is used where it fits: the sub-words (SentencePiece, trained and applied) and the
greedy sampler. `keras_hub.metrics.Bleu` counts other words than papers do, so `sacrebleu` counts.
"""

from lrkeras.tasks.papers.named_rows import NamedRows
from lrkeras.tasks.papers.recipe import Recipe
from lrkeras.tasks.papers.translation.rows import LISTED, config_of
from lrkeras.tasks.papers.translation.training import train
from lrkeras.tasks.papers.translation.translation_config import TranslationConfig

RECIPE = Recipe(NamedRows(config_of, LISTED), TranslationConfig, train)

__all__ = ["RECIPE"]
