"""Next-word prediction: `lrkeras train word_prediction`.

`training.py` is the file to read first: it trains the models of `models.py` alike, as `config.py`
says. `step_language_model.py` measures the perplexity of a converted file.
"""

from lrkeras.structures.stored_size import count_parameters
from lrkeras.tasks.training.run_folder import read_history
from lrkeras.tasks.word_prediction.config import PRESETS, WordPredictionConfig
from lrkeras.tasks.word_prediction.models import (
    MODELS,
    build_model,
    compile_model,
    inherit,
)
from lrkeras.tasks.word_prediction.training import load_corpus, train, train_model
from lrkeras.tasks.word_prediction.tunable import tunable

__all__ = [
    "MODELS",
    "PRESETS",
    "WordPredictionConfig",
    "build_model",
    "compile_model",
    "count_parameters",
    "inherit",
    "load_corpus",
    "read_history",
    "train",
    "train_model",
    "tunable",
]
