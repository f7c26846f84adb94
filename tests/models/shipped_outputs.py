"""Numbers that each shipped file gives for fixed inputs: what `shipped_outputs.json` remembers."""

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.importers import load_model

STEPS = 6
KEPT = 12


def outputs_of(file):
    """Some of the last step's outputs, evenly spaced, and their root mean square."""
    value = _of_keras(file) if file.suffix == ".keras" else _of_tflite(file)
    flat = np.asarray(value, np.float64).reshape(-1)
    places = np.linspace(0, flat.size - 1, KEPT).astype(int)
    return [*flat[places].tolist(), float(np.sqrt(np.mean(flat**2)))]


def _of_keras(file):
    model = load_model(file, compile=False)
    words = file.name.startswith("word")
    given = np.arange(1, 1 + STEPS)[None] * 37 if words else _sound(16000)[None]
    return np.asarray(model(given))[0, -1]


def _of_tflite(file):
    runner = StepRunner(file)
    words = file.name.startswith("word")
    sequence = np.arange(1, 1 + STEPS)[:, None, None] * 37 if words else _frames(runner)
    for given in sequence:
        result = runner.step(given)
    return next(iter(result.values())) if isinstance(result, dict) else result


def _frames(runner):
    """Inputs of a speech file: samples of the front end's hop, or what a frame of it looks like."""
    shape = runner._any.input_shapes[runner.input_names[0]]
    return _sound(STEPS * int(np.prod(shape))).reshape(STEPS, *shape)


def _sound(samples):
    time = np.arange(samples) / 16000
    return (0.1 * np.sin(2 * np.pi * 440 * time) + 0.05 * np.sin(2 * np.pi * 1313 * time)).astype(
        "float32"
    )
