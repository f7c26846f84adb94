"""What a file goes through: every door of the package that opens its kind.

A door that takes a file returns a word or two on what it found, and raises what it refuses.
"""

from __future__ import annotations

import contextlib
import io
import json
import os
import pathlib
import warnings
from collections.abc import Callable

import numpy as np


def doors_of(kind: str) -> list[str]:
    """Names of the doors for files of a kind, such as `"tflite int8"`."""
    return list(_DOORS[kind.split(maxsplit=1)[0]])


def knock(kind: str, door: str, path: str) -> str:
    """Takes a file through a door.

    Returns:
        `"accepted"`, or `"refused: "` and the line that says why.

    Raises:
        AssertionError: The file was accepted with a wrong result, or refused with something left
            behind or in more than a line.
        Exception: Whatever the door lets through that it does not document.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return _DOORS[kind.split(maxsplit=1)[0]][door](path)


# The Python interface: documented errors are refusals, all others are faults.


def _refusal(error: Exception) -> str:
    text = str(error)
    assert 0 < len(text) <= 2100, f"a message of {len(text)} letters: {text[:300]!r}"
    assert "\n" not in text, f"a message of several lines: {text[:300]!r}"
    return f"refused: {text}"


def _load(path: str) -> str:
    from lrkeras import load_model

    try:
        model = load_model(path)
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        return _refusal(error)
    weights = model.get_weights()
    assert all(np.isfinite(w).all() for w in weights if w.dtype.kind == "f"), "NaN in weights"
    return "accepted"


def _step(path: str) -> str:
    from lrkeras import StepRunner

    try:
        runner = StepRunner(path)
        shapes = {name: runner._any.input_shapes[name] for name in runner.input_names}
        for _ in range(3):
            runner.step({name: np.zeros(shape) for name, shape in shapes.items()})
        runner.reset()
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        return _refusal(error)
    return "accepted"


def _wav(path: str) -> str:
    from lrkeras.datasets.wav import read_wav

    try:
        samples = read_wav(path)
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        return _refusal(error)
    assert np.abs(samples).max() <= 1, "samples beyond one"
    return "accepted"


# Commands: status 0 with JSON alone, or status 1 with one line and nothing left behind.


def _command(*words: str, output: str | None = None) -> str:
    from lrkeras.cli import main

    out, err = io.StringIO(), io.StringIO()
    if output is not None:
        with contextlib.suppress(FileNotFoundError):
            os.remove(output)
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        status = main([*words, "--json"])
    if status == 0:
        json.loads(out.getvalue())
        assert output is None or os.path.isfile(output), "no file was written"
        return "accepted"
    line = err.getvalue()
    assert status == 1, f"exit status {status}: {line[:300]}"
    assert (line[:7], line.count("\n")) == ("error: ", 1), f"not one line: {line[:300]!r}"
    assert len(line) <= 2100, f"a line of {len(line)} letters: {line[:300]!r}"
    assert output is None or not os.path.exists(output), "a file was left behind"
    return f"refused: {line[7:].strip()}"


def _inspect(path: str) -> str:
    return _command("inspect", path)


def _bench(path: str) -> str:
    return _command("bench", path, "--rounds", "1", "--no-memory", "--no-cold")


def _convert(path: str) -> str:
    out = _beside(path, "converted.tflite")
    return _command("convert", path, out, output=out)


def _other(path: str) -> str:
    return str(pathlib.Path(path).parent.parent / "other.keras")


def _sample(path: str) -> str:
    out = _beside(path, "converted.tflite")
    return _command("convert", _other(path), out, "--sample", path, output=out)


def _fit(path: str) -> str:
    from lrkeras.cli import arrays

    try:
        arrays.inputs(path)
    except (ValueError, RuntimeError, FileNotFoundError) as error:
        return _refusal(error)
    return "accepted"


def _metadata(path: str) -> str:
    out = _beside(path, "converted.tflite")
    return _command("convert", _other(path), out, "--metadata", path, output=out)


def _device(path: str) -> str:
    out = _beside(path, "table.md")
    return _command("device", path, "--out", out, output=out)


def _beside(path: str, name: str) -> str:
    return str(pathlib.Path(path).parent / name)


_MODEL: dict[str, Callable[[str], str]] = {
    "load_model": _load,
    "inspect": _inspect,
    "convert": _convert,
}
_DOORS: dict[str, dict[str, Callable[[str], str]]] = {
    "keras": _MODEL,
    "h5": _MODEL,
    "onnx": _MODEL,
    "saved_model": {"load_model": _load},
    "tflite": {"StepRunner": _step, "inspect": _inspect, "bench": _bench},
    "npz": {"arrays": _fit},
    "npy": {"convert --sample": _sample},
    "wav": {"read_wav": _wav},
    "json": {"device": _device, "convert --metadata": _metadata},
}
