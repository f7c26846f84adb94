"""Files of Keras 1, held against the equations of its layers in NumPy float64."""

import numpy as np
import pytest
from legacy_files import write

from lrkeras import load_model

RNG = np.random.default_rng(5)


def hard_sigmoid(z):
    return np.clip(0.2 * z + 0.5, 0, 1)


def gates(names, inputs, units):
    """W, U and b of each gate, as Keras 1 kept them."""
    return {
        g: (
            RNG.normal(0, 0.5, (inputs, units)),
            RNG.normal(0, 0.5, (units, units)),
            RNG.normal(0, 0.5, units),
        )
        for g in names
    }


def arrays(weights, order):
    return [(f"{kind}_{g}", a) for g in order for kind, a in zip("WUb", weights[g], strict=True)]


def lstm(x, weights):
    units = weights["i"][1].shape[0]
    h, c, out = np.zeros(units), np.zeros(units), []
    for step in x:
        z = {g: step @ w + h @ u + b for g, (w, u, b) in weights.items()}
        c = hard_sigmoid(z["f"]) * c + hard_sigmoid(z["i"]) * np.tanh(z["c"])
        h = hard_sigmoid(z["o"]) * np.tanh(c)
        out.append(h)
    return np.array(out)


def gru(x, weights):
    h, out = np.zeros(weights["z"][1].shape[0]), []
    for step in x:
        x_of = {g: step @ w + b for g, (w, _, b) in weights.items()}
        z = hard_sigmoid(x_of["z"] + h @ weights["z"][1])
        r = hard_sigmoid(x_of["r"] + h @ weights["r"][1])
        h = z * h + (1 - z) * np.tanh(x_of["h"] + (r * h) @ weights["h"][1])
        out.append(h)
    return np.array(out)


def recurrent(kind, name, units, **arguments):
    config = {
        "name": name,
        "output_dim": units,
        "activation": "tanh",
        "inner_activation": "hard_sigmoid",
        "init": "glorot_uniform",
        "inner_init": "orthogonal",
        "consume_less": "cpu",
        "dropout_W": 0.1,
        "dropout_U": 0.0,
        "go_backwards": False,
        "return_sequences": True,
        "stateful": False,
        "unroll": False,
        "W_regularizer": None,
        "input_dim": 5,
        "input_length": None,
        **arguments,
    }
    return {"class_name": kind, "config": config}


@pytest.mark.parametrize("version", ["1.2.2", None])
def test_a_stack_of_recurrent_layers(version, tmp_path):
    first, second = gates("icfo", 5, 4), gates("zrh", 4, 3)
    back = gates("zrh", 4, 3)
    kernel, bias = RNG.normal(size=(6, 2)), RNG.normal(size=2)
    wrapped = recurrent("GRU", "gru", 3)
    config = {
        "class_name": "Sequential",
        "config": [
            recurrent("LSTM", "lstm_1", 4, batch_input_shape=[None, None, 5]),
            {"class_name": "Dropout", "config": {"name": "d", "p": 0.3, "trainable": True}},
            {
                "class_name": "Bidirectional",
                "config": {"name": "bi", "merge_mode": "concat", "layer": wrapped},
            },
            {
                "class_name": "TimeDistributedDense",
                "config": {"name": "out", "output_dim": 2, "activation": "linear", "bias": True},
            },
        ],
    }
    layers = {
        "lstm_1": arrays(first, "icfo"),
        "d": [],
        "bi": [
            *[(f"forward_{n}", a) for n, a in arrays(second, "zrh")],
            *[(f"backward_{n}", a) for n, a in arrays(back, "zrh")],
        ],
        "out": [("W", kernel), ("b", bias)],
    }
    model = load_model(write(tmp_path / "m.h5", layers, config, version=version))
    x = RNG.normal(size=(7, 5))
    h = lstm(x, first)
    both = np.concatenate([gru(h, second), gru(h[::-1], back)[::-1]], axis=-1)
    found = np.asarray(model(x[None].astype("float32")))[0]
    np.testing.assert_allclose(found, both @ kernel + bias, atol=1e-5)


@pytest.mark.parametrize("backend", ["tensorflow", "theano"])
def test_a_convolution_has_two_dimensions(backend, tmp_path):
    import h5py

    kernel = RNG.normal(size=(3, 1, 2, 4))
    config = {
        "class_name": "Sequential",
        "config": [
            {
                "class_name": "Convolution1D",
                "config": {
                    "name": "conv",
                    "nb_filter": 4,
                    "filter_length": 3,
                    "border_mode": "valid",
                    "subsample_length": 1,
                    "activation": "linear",
                    "bias": True,
                    "batch_input_shape": [None, 8, 2],
                },
            }
        ],
    }
    path = write(
        tmp_path / "m.h5", {"conv": [("W", kernel), ("b", np.zeros(4))]}, config, version="1.1.0"
    )
    with h5py.File(path, "r+") as file:
        file["model_weights"].attrs["backend"] = backend.encode()
    x = RNG.normal(size=(8, 2))
    plain = kernel[::-1, 0] if backend == "theano" else kernel[:, 0]
    expected = [np.einsum("ki,kio->o", x[t : t + 3], plain) for t in range(6)]
    found = np.asarray(load_model(path)(x[None].astype("float32")))[0]
    np.testing.assert_allclose(found, expected, atol=1e-5)
