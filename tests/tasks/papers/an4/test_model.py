"""The shared factor, against layers of dense matrices in NumPy."""

import dataclasses
import json

import numpy as np
from keras import ops
from scipy.special import expit

from lrkeras.cli import main
from lrkeras.export import convert
from lrkeras.tasks.papers.an4.model import lstm_layers, recogniser
from lrkeras.tasks.papers.an4.rows import config_of

rng = np.random.default_rng(5)
MEAN, DEVIATION = rng.normal(size=26), rng.uniform(0.5, 2, 26)


def lstm(x, kernel, recurrent, bias):
    """Hidden states of a dense LSTM, gates i, f, c, o, in float64."""
    units = recurrent.shape[0]
    h, c, found = np.zeros(units), np.zeros(units), []
    for step in x:
        i, f, g, o = np.split(step @ kernel + h @ recurrent + bias, 4)
        c = expit(f) * c + expit(i) * np.tanh(g)
        h = expit(o) * np.tanh(c)
        found.append(h)
    return np.array(found)


def test_shared_rows_are_dense_layers_whose_matrices_have_a_factor_in_common():
    config = dataclasses.replace(config_of("an4_tiny_shared_low_rank_4x"), num_layers=3)
    model = recogniser(config, (MEAN, DEVIATION))
    for weight in model.weights:
        weight.assign(rng.normal(0, 0.3, weight.shape))
    steps = rng.normal(size=(7, 78)).astype(np.float32)
    found = ops.convert_to_numpy(model(steps[None]))[0]

    hidden = (steps - np.tile(MEAN, 3)) / np.tile(DEVIATION, 3)
    below = None
    for layer in lstm_layers(model):
        cell = layer.cell
        projection = np.asarray(cell.projection_kernel, np.float64)
        if below is None:
            kernel = np.asarray(ops.convert_to_numpy(cell.kernel_structure.to_dense()))
        else:
            kernel = below @ np.asarray(cell.kernel, np.float64)  # Wx = Zx P of the layer below
        recurrent = projection @ np.asarray(cell.recurrent_kernel, np.float64)  # Wh = Zh P
        hidden = lstm(hidden, kernel, recurrent, np.asarray(cell.bias, np.float64))
        below = projection
    weights, bias = (np.asarray(w, np.float64) for w in model.get_layer("logits").weights)
    np.testing.assert_allclose(found, hidden @ below @ weights + bias, rtol=2e-4, atol=2e-4)


def test_features_are_normalised_by_the_training_speakers():
    config = config_of("an4_tiny")
    model = recogniser(config, (MEAN, DEVIATION))
    steps = np.tile(MEAN + 2 * DEVIATION, 3)[None, None]
    found = ops.convert_to_numpy(model.get_layer("normalise")(steps))
    np.testing.assert_allclose(found, np.full((1, 1, 78), 2.0), rtol=1e-5)


def test_a_file_multiplies_by_the_shared_factor_once(tmp_path, capsys):
    model = recogniser(config_of("an4_tiny_shared_low_rank_4x"), (MEAN, DEVIATION))
    convert(model, tmp_path / "shared.tflite", quantize="int8")
    assert main(["inspect", str(tmp_path / "shared.tflite"), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    # Two factors of the lowest input matrix; of both layers `P` and the gates from `P h`; the input
    # matrix of the second; the output layer. A second product with a `P` would be one more.
    assert found["operators"]["FULLY_CONNECTED"] == 2 + 2 * 2 + 1 + 1
