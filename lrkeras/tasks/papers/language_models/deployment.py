"""The bytes and the time of a row's model on a device, measured on this machine."""

from __future__ import annotations

import pathlib

import keras
import numpy as np

from lrkeras import structures
from lrkeras.benchmark import benchmark
from lrkeras.export import ConversionError, convert
from lrkeras.system.held_folder import scratch_folder
from lrkeras.tasks.papers.language_models.config import BASES, PaperConfig
from lrkeras.tasks.papers.language_models.model import recurrent_layers_of, recurrent_model

ROUNDS = 40
SAMPLE_WORDS = 64


def embedded_words(table, ids: np.ndarray) -> np.ndarray:
    """The first words of a text as the recurrent layers get them, `(1, words, embedding_dim)`."""
    rows = keras.ops.take(table, np.asarray(ids[:SAMPLE_WORDS]), axis=0)
    return keras.ops.convert_to_numpy(rows)[None]


def measure_deployment(
    model: keras.Model, config: PaperConfig, sample: np.ndarray | None = None
) -> dict:
    """Converts the recurrent layers of a trained model to int8 and times a step beside dense ones.

    The recurrent layers are what the rows of the papers differ in: with a vocabulary of 10,000 the
    output layer takes most of a step of a small model, and the same in every row. The bytes of the
    whole model's file stand beside them.

    Args:
        model: a `logit_model` with trained weights.
        config: its run.
        sample: `embedded_words`, on which the file is compared with Keras; made up if None.

    Returns:
        Bytes, microseconds and the ratio to dense int8, the median over rounds in which both ran;
        or `skipped`, the reason why there are none.
    """
    if keras.backend.backend() != "tensorflow":
        return {"skipped": "converted on the TensorFlow backend only"}
    if any(not p.is_at_target for p in structures.find_structures(model, structures.Sparse)):
        return {"skipped": "a sparse part is not at its target density"}
    layers = recurrent_model(config)
    pairs = zip(recurrent_layers_of(layers), recurrent_layers_of(model), strict=True)
    for target, source in pairs:
        target.set_weights(source.get_weights())
    base = BASES[config.base]
    with scratch_folder() as name:
        folder = pathlib.Path(name)
        try:
            files = [folder / "dense.tflite", folder / "row.tflite"]
            convert(recurrent_model(base), files[0], quantize="int8")
            convert(layers, files[1], quantize="int8", sample=sample)
            # For its bytes: made-up words would drive the layers that are compared above astray.
            convert(model, folder / "whole.tflite", quantize="int8", steps=1)
        except (ConversionError, ValueError, NotImplementedError) as error:
            return {"skipped": " ".join(str(error).split())[:300]}
        return {
            **times_of(*files),
            "recurrent_file_bytes": files[1].stat().st_size,
            "whole_file_bytes": (folder / "whole.tflite").stat().st_size,
        }


def times_of(dense: pathlib.Path, row: pathlib.Path) -> dict:
    """A step of a row's int8 file and of the dense one, in rounds in which both run."""
    report = benchmark([dense, row], rounds=ROUNDS, cold=False)
    first, second = report.files
    return {
        "step_us": second.step_us,
        "step_p90_us": second.step_p90_us,
        "dense_int8_step_us": first.step_us,
        "speedup_over_dense_int8": second.speedup,
        "speedup_quartiles": list(second.speedup_quartiles),
        "dense_int8_file_bytes": first.file_bytes,
        "machine": report.machine,
        "load_average": report.load_average,
        "rounds": ROUNDS,
    }
