import keras
import numpy as np
import pytest

import lrkeras
from lrkeras.tuning.file_score import FileScore, interval
from lrkeras.tuning.objective import Objective
from lrkeras.tuning.trial import model_bytes, read_model
from lrkeras.tuning.tuning_data import TuningData


def _padded_tagger():
    x = keras.Input((6,), dtype="int32")
    h = keras.layers.Embedding(20, 8, mask_zero=True)(x)
    h = keras.layers.LSTM(8, return_sequences=True)(h)
    model = keras.Model(x, keras.layers.Dense(3)(h))
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def _both_ways():
    x = keras.Input((6, 4))
    h = keras.layers.Bidirectional(keras.layers.GRU(6))(x)
    kind = keras.layers.Dense(2, name="class")(h)
    model = keras.Model(x, [kind, keras.layers.Dense(1, name="level")(h)])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", {"class": loss, "level": "mse"}, metrics={"level": ["mae"]})
    return model


@pytest.mark.parametrize(
    "objective", ["val_loss", pytest.param("val_accuracy", marks=pytest.mark.slow)]
)
def test_a_file_scores_as_its_model_with_padding(tmp_path, objective):
    rng = np.random.default_rng(0)
    x = rng.integers(1, 20, (40, 6)).astype("int32")
    x[np.arange(6) >= rng.integers(2, 7, 40)[:, None]] = 0
    _compare(tmp_path, _padded_tagger(), x, rng.integers(0, 3, (40, 6)), objective)


def test_a_file_of_two_outputs_scores_as_its_model(tmp_path):
    rng = np.random.default_rng(1)
    y = [rng.integers(0, 2, 30), rng.normal(size=(30, 1))]
    _compare(tmp_path, _both_ways(), rng.normal(size=(30, 6, 4)), y, "val_loss")


def _compare(folder, model, x, y, objective):
    model = read_model(model_bytes(model))
    data = TuningData.of(model, (x, y), "validation")
    goal = Objective.of(model, objective)
    path = folder / "model.tflite"
    lrkeras.convert(model, path, form="auto")
    value, parts = FileScore(model, data, goal).of_file(path)
    # One batch: a mean over the steps that are not masked.
    assert value == pytest.approx(goal.of_model(model, data, batch_size=256), rel=1e-4)
    assert len(parts) == len(x) and np.std(parts) > 0


def test_an_interval_holds_the_difference():
    rng = np.random.default_rng(0)
    one = rng.normal(size=200)
    difference, low, high = interval(list(one + 0.1), list(one), [1] * 200)
    assert difference == pytest.approx(0.1) and low == pytest.approx(0.1)
    difference, low, high = interval(list(rng.normal(size=200)), list(one), [1] * 200)
    assert low < difference < high and 0.3 < high - low < 0.8  # 4 x sqrt(2 / 200)
