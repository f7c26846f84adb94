"""The time of one step of a model, once it is converted."""

import os

import keras
import numpy as np

from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.export import convert
from lrkeras.system.held_folder import scratch_folder

_RUNS = 300


def step_time(model: keras.Model, quantize: str | None = None) -> float:
    """Converts a model to a step file and times it on this machine, one thread, with XNNPACK.

    Args:
        model: A recurrent model that `convert` takes.
        quantize: As in `convert`.

    Returns:
        Median microseconds of a step.

    Raises:
        ConversionError: If the model cannot be converted.
    """
    with scratch_folder() as folder:
        path = os.path.join(folder, "step.tflite")
        convert(model, path, quantize=quantize)
        timed = TimedModel(path, 1, True, np.random.default_rng(0))
        return float(np.median([timed.run_ns() / 1e3 for _ in range(_RUNS)]))
