"""A row's file: its word errors, its bytes, and the time of a step beside the dense file's."""

from __future__ import annotations

import dataclasses
import pathlib
from collections.abc import Mapping, Sequence

import keras
import numpy as np

from lrkeras.datasets.spoken_utterance import SpokenUtterance
from lrkeras.export import ConversionError, StepRunner, convert
from lrkeras.system.held_folder import scratch_folder
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.decoding import file_logits, scores_of
from lrkeras.tasks.papers.an4.features import steps_of
from lrkeras.tasks.papers.an4.model import recogniser
from lrkeras.tasks.papers.an4.rows import BASES
from lrkeras.tasks.papers.language_models.deployment import times_of


def measure_deployment(
    model: keras.Model,
    config: AN4Config,
    moments: tuple[np.ndarray, np.ndarray],
    splits: Mapping[str, Sequence[SpokenUtterance]],
) -> dict:
    """Converts a trained model to int8, recognises with the file and times it beside a dense one.

    Args:
        model: a `recogniser` with trained weights.
        config: its run.
        moments: as the model was built with.
        splits: the utterances to recognise, by the name of the split.

    Returns:
        Word errors by split, decoding and speaker, bytes, microseconds of a step and the ratio to
        dense int8, the median over rounds in which both ran; or `skipped`, the reason why not.
    """
    if keras.backend.backend() != "tensorflow":
        return {"skipped": "converted on the TensorFlow backend only"}
    first = next(iter(splits.values()))
    sample = np.concatenate([steps_of(one.cepstra, config.stacked_frames) for one in first[:8]])
    with scratch_folder() as name:
        dense, row = (pathlib.Path(name) / f"{kind}.tflite" for kind in ("dense", "row"))
        try:
            convert(recogniser(BASES[config.base], moments), dense, quantize="int8")
            convert(model, row, quantize="int8", sample=sample)
        except (ConversionError, ValueError, NotImplementedError) as error:
            return {"skipped": " ".join(str(error).split())[:300]}
        runner = StepRunner(row)
        errors = {
            split: {
                decoding: dataclasses.asdict(found)
                for decoding, found in scores_of(
                    file_logits(runner.run, runner.reset, utterances, config), utterances, config
                ).items()
            }
            for split, utterances in splits.items()
        }
        return {"word_errors": errors, "file_bytes": row.stat().st_size, **times_of(dense, row)}
