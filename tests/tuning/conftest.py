import keras
import numpy as np
import pytest

from lrkeras.tuning.objective import Objective
from lrkeras.tuning.trial import Task, model_bytes, read_model
from lrkeras.tuning.tuning_data import TuningData

WORDS, TIME, CLASSES = 120, 6, 4


@pytest.fixture(scope="session")
def examples():
    """Sequences of words, and which of some classes the words vote for."""
    rng = np.random.default_rng(0)
    x = rng.integers(1, WORDS, (240, TIME)).astype("int32")
    y = rng.normal(size=(WORDS, CLASSES))[x].sum(1).argmax(1)
    return x, y


@pytest.fixture(scope="session")
def trained(examples):
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((TIME,), dtype="int32"),
            keras.layers.Embedding(WORDS, 24, name="words"),
            keras.layers.LSTM(32, name="lstm"),
            keras.layers.Dense(CLASSES, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    x, y = examples
    model.fit(x[:160], y[:160], epochs=4, verbose=0)
    return model


@pytest.fixture(scope="session")
def task(trained, examples):
    x, y = examples
    content = model_bytes(trained)
    model = read_model(content)
    return Task(
        content,
        TuningData.of(model, (x[:160], y[:160]), "train"),
        TuningData.of(model, (x[160:], y[160:]), "validation"),
        Objective.of(model, "val_loss"),
        batch_size=32,
        form="auto",
        steps=None,
        seed=0,
        classes={},
    )
