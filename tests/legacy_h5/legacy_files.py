"""Writes HDF5 files as Keras 2 did, and evaluates the equations of cuDNN in NumPy float64."""

import json

import h5py
import numpy as np


def write(path, layers, config=None, version="2.1.5"):
    """Writes a file by hand.

    Args:
        path: the file.
        layers: `{layer name: [(weight name, array), ...]}`.
        config: the configuration of a whole model, or None for a weights-only file.
        version: the version of Keras that the file says wrote it; None to say nothing.
    """
    with h5py.File(path, "w") as file:
        root = file
        if config is not None:
            file.attrs["model_config"] = json.dumps(config).encode()
            root = file.create_group("model_weights")
        if version is not None:
            root.attrs["keras_version"] = version.encode()
        root.attrs["layer_names"] = [name.encode() for name in layers]
        for layer, weights in layers.items():
            group = root.create_group(layer)
            names = [f"{layer}_1/{name}:0".encode() for name, _ in weights]
            group.attrs["weight_names"] = names
            for name, (_, array) in zip(names, weights, strict=True):
                group.create_dataset(name, data=np.asarray(array, "float32"))
    return path


class CuDNN:
    """Random matrices and biases of one cuDNN layer, as cuDNN itself knows them.

    `w[g]` is (units, inputs), `r[g]` (units, units), `bw[g]` and `br[g]` (units,), for the gates
    i, f, g, o of an LSTM or z, r, h of a GRU.
    """

    def __init__(self, gates, inputs, units, seed):
        generator = np.random.default_rng(seed)
        self.units = units
        self.w = generator.normal(0, 0.7, (gates, units, inputs)).astype("float32")
        self.r = generator.normal(0, 0.7, (gates, units, units)).astype("float32")
        self.bw = generator.normal(0, 0.5, (gates, units)).astype("float32")
        self.br = generator.normal(0, 0.5, (gates, units)).astype("float32")

    def saved(self):
        """The weights that a CuDNN layer of Keras 2 saves.

        Its `_process_batch` hands cuDNN the flat memory of each slice `kernel[:, g * units:...]`,
        where cuDNN reads a (units, inputs) matrix row by row.
        """
        inputs = self.w.shape[2]
        kernel = [gate.ravel().reshape(inputs, self.units) for gate in self.w]
        recurrent = [gate.ravel().reshape(self.units, self.units) for gate in self.r]
        return [
            ("kernel", np.hstack(kernel)),
            ("recurrent_kernel", np.hstack(recurrent)),
            ("bias", np.concatenate([self.bw.ravel(), self.br.ravel()])),
        ]

    def __call__(self, sequence):
        """Outputs (time, units) for a sequence (time, inputs): NVIDIA's equations, one by one."""
        step = self._lstm if len(self.w) == 4 else self._gru
        h, c, outputs = np.zeros(self.units), np.zeros(self.units), []
        for x in np.asarray(sequence, np.float64):
            h, c = step(x, h, c)
            outputs.append(h)
        return np.stack(outputs)

    def _lstm(self, x, h, c):
        z = [self.w[g] @ x + self.r[g] @ h + self.bw[g] + self.br[g] for g in range(4)]
        c = sigmoid(z[1]) * c + sigmoid(z[0]) * np.tanh(z[2])
        return sigmoid(z[3]) * np.tanh(c), c

    def _gru(self, x, h, c):
        update = sigmoid(self.w[0] @ x + self.r[0] @ h + self.bw[0] + self.br[0])
        reset = sigmoid(self.w[1] @ x + self.r[1] @ h + self.bw[1] + self.br[1])
        new = np.tanh(self.w[2] @ x + reset * (self.r[2] @ h + self.br[2]) + self.bw[2])
        return (1 - update) * new + update * h, c


def sigmoid(z):
    return 1 / (1 + np.exp(-z))


def cudnn_config(class_name, name, units, inputs=None, **arguments):
    """The configuration of a CuDNN layer as Keras 2.1.5 wrote it."""
    config = {
        "name": name,
        "trainable": True,
        "return_sequences": True,
        "return_state": False,
        "go_backwards": False,
        "stateful": False,
        "units": units,
        "kernel_initializer": {
            "class_name": "VarianceScaling",
            "config": {"scale": 1.0, "mode": "fan_avg", "distribution": "uniform", "seed": None},
        },
        "recurrent_initializer": {
            "class_name": "Orthogonal",
            "config": {"gain": 1.0, "seed": None},
        },
        "bias_initializer": {"class_name": "Zeros", "config": {}},
        "kernel_regularizer": {"class_name": "L1L2", "config": {"l1": 0.0, "l2": 1e-6}},
        "recurrent_regularizer": None,
        "bias_regularizer": None,
        "activity_regularizer": None,
        "kernel_constraint": None,
        "recurrent_constraint": None,
        "bias_constraint": None,
        **arguments,
    }
    if class_name == "CuDNNLSTM":
        config["unit_forget_bias"] = True
    if inputs is not None:
        config["batch_input_shape"] = [None, None, inputs]
        config["dtype"] = "float32"
    return {"class_name": class_name, "config": config}
