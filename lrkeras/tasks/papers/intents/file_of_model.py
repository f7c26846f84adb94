"""The file of a trained model, and what it gives."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras.export import ConversionError, convert
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.intent_scores import IntentScores

MODEL_FILE = "model.tflite"
_COMPARED = 64


def write_file(model: keras.Model, path: pathlib.Path, corpus: EncodedCorpus) -> None:
    """Converts a model to int8, for sentences of `max_words` words.

    Args:
        model: an `intent_model`.
        path: the file to write.
        corpus: whose validation sentences the file is compared on.

    Raises:
        ConversionError: the file cannot be written, or differs from the model.
    """
    sample = corpus.words_of(corpus.valid[:_COMPARED], corpus.max_words)
    convert(model, path, form="sequence", quantize="int8", steps=corpus.max_words, sample=sample)


def measure_file(model: keras.Model, path: pathlib.Path, corpus: EncodedCorpus) -> dict:
    """Converts a trained model and scores the file on the test sentences.

    Returns:
        Bytes and scores, or `skipped`, the reason why there are none.
    """
    if keras.backend.backend() != "tensorflow":
        return {"skipped": "converted on the TensorFlow backend only"}
    try:
        write_file(model, path, corpus)
    except (ConversionError, ValueError, NotImplementedError) as error:
        return {"skipped": " ".join(str(error).split())[:300]}
    scores = IntentScores.of(corpus, corpus.test, file_outputs(path, corpus))
    table = len(corpus.vocabulary) * model.get_layer("table").output_dim
    return {"bytes": path.stat().st_size, "table_bytes": table, **scores.named("test")}


def file_outputs(path: pathlib.Path, corpus: EncodedCorpus) -> dict[str, np.ndarray]:
    """What a file gives for the test sentences, one after the other."""
    runner = SignatureRunner(open_interpreter(path, 1, True), "sequence", 0)
    (name,) = runner.input_names
    words = corpus.words_of(corpus.test, corpus.max_words)
    found = [runner({name: row[None]}, {})[0] for row in words]
    return {key: np.concatenate([one[key] for one in found]) for key in found[0]}
