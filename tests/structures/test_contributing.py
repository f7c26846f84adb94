"""The worked example of CONTRIBUTING, run as it is printed there."""

import pathlib
import re
import sys

import keras
import numpy as np
import pytest

from lrkeras import callbacks, convert, layers, structures

PAGE = pathlib.Path(__file__).parents[2] / "CONTRIBUTING.md"
MODULE, TESTS = re.findall(r"```python\n(.*?)```", PAGE.read_text(), flags=re.DOTALL)


def _run(source, name):
    namespace = {"__name__": name}
    exec(compile(source, f"{PAGE.name}:{name}", "exec"), namespace)
    return namespace


Circulant = _run(MODULE, "circulant")["Circulant"]
TestCirculantOfTheExample = _run(TESTS, "test_circulant")["TestCirculant"]


@pytest.fixture(autouse=True)
def _registered(monkeypatch):
    monkeypatch.setitem(structures.NAMES, "circulant", Circulant)


@pytest.mark.parametrize(
    "name", ["LSTM", *(pytest.param(name, marks=pytest.mark.slow) for name in ("GRU", "RHN"))]
)
def test_the_example_trains_in_every_layer_and_doped(name):
    x = np.random.default_rng(0).normal(size=(8, 4, 6)).astype("float32")
    spec = structures.doped("circulant", density=0.2)
    model = keras.Sequential(
        [
            keras.Input((4, 6)),
            getattr(layers, name)(6, recurrent_structure="circulant", kernel_structure=spec),
            layers.Dense(2, kernel_structure="circulant"),
        ]
    )
    model.compile(keras.optimizers.Adam(0.03), "mse")
    losses = model.fit(
        x,
        np.ones((8, 2)),
        epochs=20,
        verbose=0,
        callbacks=[callbacks.SparsityAnnealing(0, 10), callbacks.CoMatrixDropout(0.1)],
    ).history["loss"]
    assert losses[-1] < 0.7 * losses[0]


@pytest.mark.skipif(
    keras.config.backend() != "tensorflow" or sys.platform == "win32",
    reason="conversion runs on the TensorFlow backend",
)
def test_the_example_converts(tmp_path):
    model = keras.Sequential(
        [keras.Input((None, 6)), layers.LSTM(6, recurrent_structure="circulant")]
    )
    report = convert(model, tmp_path / "circulant.tflite", quantize="int8")
    assert report.file_bytes == (tmp_path / "circulant.tflite").stat().st_size
