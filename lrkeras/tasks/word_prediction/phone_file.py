"""The file for a phone of a word model that was trained on anyone's text."""

from __future__ import annotations

import pathlib
from collections.abc import Sequence

import keras
import numpy as np

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.perplexity import Perplexity
from lrkeras.tasks.word_prediction.token_windows import TokenWindows, whole_windows

# The runtime that the app ships.
_RUNTIME = "2.16"
# Of the validation text, run through the file a word at a time.
_TOKENS = 4000


def phone_file(
    config: WordPredictionConfig,
    model_file: pathlib.Path,
    ids: np.ndarray,
    vocabulary: Vocabulary,
    spellings: Sequence[str] = (),
) -> dict:
    """Writes the int8 step file of a model beside it, with what a keyboard needs in its metadata.

    Args:
        config: the run.
        model_file: the `.keras` file.
        ids: validation tokens, to judge the file on.
        vocabulary: the words.
        spellings: those that are written with capitals, as they are.

    Returns:
        `phone_file`, its `file_bytes`, and `file_perplexity`: that of the file on up to 4,000
        tokens, beside `keras_perplexity`, that of the model on the same.
    """
    from lrkeras.export import convert
    from lrkeras.tasks.word_prediction.step_language_model import StepLanguageModel

    model = keras.saving.load_model(model_file, compile=False)
    metadata = {
        "task": "word_prediction",
        "name": model_file.stem,
        "vocabulary": list(vocabulary.words),
        "spellings": list(spellings),
    }
    file = model_file.with_suffix(".tflite")
    sample = ids[: 20 * config.window]
    report = convert(
        model, file, quantize="int8", runtime=_RUNTIME, metadata=metadata, sample=sample
    )
    some = whole_windows(ids[:_TOKENS], config.window)
    through_file = StepLanguageModel(file).perplexity(some, window=config.window)
    return {
        "phone_file": file.name,
        "file_bytes": report.file_bytes,
        "file_perplexity": through_file,
        "keras_perplexity": _perplexity(model, some, config.window, vocabulary.end_id),
    }


def unigram_perplexity(train_ids: np.ndarray, ids: np.ndarray, num_words: int) -> float:
    """The perplexity of a model that knows how often words occur, and nothing else."""
    counts = np.bincount(train_ids, minlength=num_words) + 1.0
    return float(np.exp(-np.log(counts / counts.sum())[ids].mean()))


def _perplexity(model: keras.Model, ids: np.ndarray, window: int, first: int) -> float:
    metric = Perplexity()
    windows = TokenWindows(ids, window=window, batch_size=16, first_id=first)
    for number in range(windows.num_batches):
        inputs, targets, weights = windows[number]
        metric.update_state(targets, model(inputs, training=False), weights)
    return float(metric.result())
