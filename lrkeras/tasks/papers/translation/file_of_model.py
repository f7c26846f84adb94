"""The file of a trained model, and how it translates."""

from __future__ import annotations

import functools
import pathlib
from collections.abc import Callable, Sequence
from typing import Any

import keras

from lrkeras.export import ConversionError, Seq2SeqRunner, convert
from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus, Pairs
from lrkeras.tasks.papers.translation.sub_words import END, START, SubWords, padded
from lrkeras.tasks.papers.translation.translation_config import TranslationConfig
from lrkeras.tasks.papers.translation.translation_scores import TranslationScores

MODEL_FILE = "model.tflite"
_COMPARED = 32
Search = Callable[[Sequence[int]], list[int]]


def write_file(
    model: keras.Model, path: pathlib.Path, config: TranslationConfig, corpus: PairCorpus
) -> None:
    """Converts a model to int8: `encode` for `longest` sub-words, `decode` for one.

    Args:
        model: a `translator`.
        path: the file to write.
        config: the run.
        corpus: whose validation pairs the file is compared on.

    Raises:
        ConversionError: the file cannot be written, or differs from the model.
    """
    sources, targets = (
        corpus.sub_words.encode(side) for side in zip(*corpus.valid[:_COMPARED], strict=True)
    )
    shortest = min(map(len, targets))
    sample = {
        "source": padded(sources, config.longest),
        # No padding: the file has no mask for what a decoder gave itself.
        "target": padded([[START, *ids] for ids in targets], 1 + shortest),
    }
    convert(model, path, form="seq2seq", quantize="int8", steps=config.longest, sample=sample)


def measure_file(
    model: keras.Model, path: pathlib.Path, config: TranslationConfig, corpus: PairCorpus
) -> dict:
    """Converts a trained model, and translates with the file: greedily, and with a beam.

    The translations of the test lie beside it, `test.greedy.txt` and `test.beam.txt`.

    Returns:
        Bytes, and BLEU by part and search; or `skipped`, the reason why there are none.
    """
    if keras.backend.backend() != "tensorflow":
        return {"skipped": "converted on the TensorFlow backend only"}
    try:
        write_file(model, path, config, corpus)
    except (ConversionError, ValueError, NotImplementedError) as error:
        return {"skipped": " ".join(str(error).split())[:300]}
    searches = searches_of(Seq2SeqRunner(path), config)
    found: dict[str, Any] = {
        "bytes": path.stat().st_size,
        "table_bytes": len(corpus.sub_words) * config.embedding_dim,
        "valid_bleu": _scored(searches["greedy"], corpus.valid, corpus.sub_words, config)[1].bleu,
    }
    for name, search in searches.items():
        texts, scores = _scored(search, corpus.test, corpus.sub_words, config)
        lines = "".join(f"{text}\n" for text in texts)
        path.with_name(f"test.{name}.txt").write_text(lines, encoding="utf-8")
        found[f"test_{name}"] = {
            "bleu": scores.bleu,
            "signature": scores.signature,
            "counts": scores.packed(),
        }
    return found


def searches_of(runner: Seq2SeqRunner, config: TranslationConfig) -> dict[str, Search]:
    """How a file finds the sub-words of a translation, by name.

    `keras_hub.samplers.BeamSampler` is no substitute: a sequence that has ended goes on there, and
    it knows no length penalty.
    """
    options = {"start": START, "end": END, "max_steps": config.longest}

    def beam(source: Sequence[int]) -> list[int]:
        best, *_ = runner.beam_search(
            source, width=config.beam_width, length_penalty=config.length_penalty, **options
        )
        return list(best.tokens)

    return {"greedy": functools.partial(runner.greedy, **options), "beam": beam}


def _scored(
    search: Search, pairs: Pairs, sub_words: SubWords, config: TranslationConfig
) -> tuple[list[str], TranslationScores]:
    sources, references = zip(*pairs, strict=True)
    ids = [search(padded([row], config.longest)[0]) for row in sub_words.encode(sources)]
    texts = sub_words.decode(ids)
    return texts, TranslationScores.of(texts, references)
