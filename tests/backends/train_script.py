"""Trains small models on the backend that KERAS_BACKEND names and writes what came of it.

Run by `conftest.py`, once for each backend: `python train_script.py OUT.npz few|all`.
"""

import pathlib
import random
import sys
import tempfile

import keras
import numpy as np

from lrkeras import callbacks, layers, structures

STEPS, FEATURES, UNITS, TARGETS, BATCH, BATCHES, EPOCHS = 5, 6, 8, 3, 8, 5, 2
ANNEALING = {"begin_step": 2, "end_step": 8, "frequency": 2}
CRASH_AT = 13  # step of the 20 that the interrupted runs were meant for
END_STEP = 17
OPTIMIZERS = {
    "sgd": lambda: keras.optimizers.SGD(0.5),
    "momentum": lambda: keras.optimizers.SGD(0.05, momentum=0.9),
    "adam": lambda: keras.optimizers.Adam(0.01),
}


def _doped(**arguments):
    return structures.doped(structures.Kronecker(), density=0.1, **arguments)


def _structured():
    lstm = layers.LSTM(
        UNITS,
        return_sequences=True,
        kernel_structure="low_rank",
        recurrent_structure="monarch",
        gate_layout="stacked",
    )
    gru = layers.GRU(
        UNITS,
        kernel_structure="toeplitz_like",
        recurrent_structure="kronecker",
        gate_layout="stacked",
    )
    return [lstm, gru]


def _shared():
    """What recurs in the first layer and enters the second shares a projection."""
    shared = {"rank": 3, "group": "hidden"}
    lstm = layers.LSTM(
        UNITS, return_sequences=True, recurrent_structure=structures.SharedLowRank(**shared)
    )
    rhn = layers.RHN(
        UNITS,
        kernel_structure=structures.SharedLowRank(**shared),
        recurrent_structure="hybrid",
        gate_layout="stacked",
    )
    return [lstm, rhn]


def _sparse():
    lstm = layers.LSTM(UNITS, return_sequences=True, joint_structure=_doped())
    blocks = _doped(block=(2, 4))
    return [lstm, layers.RHN(UNITS, recurrent_structure=blocks, gate_layout="stacked")]


# Recurrent layers, and the optimisers each stack is trained with.
MODELS = {
    "structured": (_structured, ["adam"]),
    "shared": (_shared, ["sgd"]),
    "doped": (_sparse, ["momentum", "adam"]),
}


def set_weights(model, seed):
    """Sets the trainable weights to numbers that no backend has a hand in."""
    rng = np.random.default_rng(seed)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.4, size=variable.shape).astype("float32"))


def problem(batches=BATCHES):
    """Sequences and targets that a recurrent network can learn."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(BATCH * batches, STEPS, FEATURES)).astype("float32")
    y = np.stack([x[:, -1, 0], x[:, -2, 1], x.mean(axis=(1, 2))], axis=1)
    return x, y


class MaskedValues(keras.callbacks.Callback):
    """Keeps the number of masked entries and the largest value under a mask at each batch end."""

    def __init__(self):
        super().__init__()
        self.count, self.magnitude = [], []

    def on_train_batch_end(self, batch, logs=None):
        under = []
        for part in structures.find_structures(self.model, structures.Sparse):
            values = np.asarray(keras.ops.convert_to_numpy(part.values))
            kept = np.asarray(keras.ops.convert_to_numpy(part.mask))
            rows, columns = part.block or (1, 1)
            kept = np.kron(kept, np.ones((columns, rows), dtype=bool))[: part.shape[0]]
            under.append(values[~kept])
        under = np.abs(np.concatenate(under))
        self.count.append(under.size)
        self.magnitude.append(under.max(initial=0.0))


class Losses(keras.callbacks.Callback):
    """Keeps the loss of every batch; Keras's own `History` keeps epochs."""

    def __init__(self):
        super().__init__()
        self.values = []

    def on_train_batch_end(self, batch, logs=None):
        self.values.append(float(logs["loss"]))  # mean over the batches of the epoch so far


def weights_of(model):
    """Names and numbers of all weights, masks included."""
    return {
        f"weights/{i:02d}_{w.name}": keras.ops.convert_to_numpy(w)
        for i, w in enumerate(model.weights)
    }


def train(name, optimizer):
    """Results of one model: losses, weights and, if it has sparse parts, what is under masks."""
    model = keras.Sequential(
        [keras.Input((STEPS, FEATURES)), *MODELS[name][0](), keras.layers.Dense(TARGETS)]
    )
    set_weights(model, 11)
    initial = {f"initial_{key}": value for key, value in weights_of(model).items()}
    model.compile(OPTIMIZERS[optimizer](), "mse")
    losses, before, after = Losses(), MaskedValues(), MaskedValues()
    wanted = [losses]
    if structures.find_structures(model, structures.Sparse):
        wanted += [before, callbacks.SparsityAnnealing(**ANNEALING), after]
    model.fit(
        *problem(), batch_size=BATCH, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=wanted
    )
    results = {"losses": np.array(losses.values), **initial, **weights_of(model)}
    if after.count:
        results["masked_count"] = np.array(after.count)
        results["masked_before"] = np.array(before.magnitude)
        results["masked_after"] = np.array(after.magnitude)
    return results


# --- interrupted training -------------------------------------------------------------------------


class Crash(keras.callbacks.Callback):
    """Interrupts training at the end of a step, as Ctrl-C does."""

    def on_train_batch_end(self, batch, logs=None):
        if int(keras.ops.convert_to_numpy(self.model.optimizer.iterations)) == CRASH_AT:
            raise KeyboardInterrupt


def _model(seed):
    """A doped model without a loop over time, quick to build many times."""
    random.seed(seed)  # where Keras draws the seeds of noise; its own function imports TensorFlow
    doped = layers.Dense(UNITS, kernel_structure=_doped(), activation="tanh")
    inputs = keras.Input((STEPS, FEATURES))
    flat = keras.layers.Flatten()
    model = keras.Sequential([inputs, flat, doped, keras.layers.Dense(TARGETS)])
    set_weights(model, seed)
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def _ours(rate):
    annealing = callbacks.SparsityAnnealing(begin_step=2, end_step=END_STEP, frequency=1, power=1)
    return [annealing, callbacks.CoMatrixDropout(rate)] if rate else [annealing]


def _fit(model, x, y, epochs, wanted):
    model.fit(x, y, batch_size=BATCH, epochs=epochs, shuffle=False, verbose=0, callbacks=wanted)


def uninterrupted(rate):
    """20 steps, four times over the data."""
    model = _model(21)
    _fit(model, *problem(), 4, _ours(rate))
    return weights_of(model)


def resumed(save_freq, backup_first, rate=0.0):
    """The same, stopped at `CRASH_AT` and taken up again by a new model."""
    with tempfile.TemporaryDirectory() as folder:

        def wanted():
            backup = keras.callbacks.BackupAndRestore(
                str(pathlib.Path(folder) / "backup"), save_freq=save_freq
            )
            return [backup, *_ours(rate)] if backup_first else [*_ours(rate), backup]

        first = _model(21)
        try:
            _fit(first, *problem(), 4, [*wanted(), Crash()])
        except KeyboardInterrupt:
            pass
        else:
            raise AssertionError("the first run was not interrupted")
        second = _model(99)
        _fit(second, *problem(), 4, wanted())
        steps = int(keras.ops.convert_to_numpy(second.optimizer.iterations))
    return {"steps": steps, **weights_of(second)}


def replayed():
    """The batches that a run saw which was resumed from step 12, the second of its epoch, in one.

    `BackupAndRestore` with a number of batches begins the interrupted epoch again: 5 + 5 + 2
    batches, then 5 + 5.
    """
    x, y = problem()
    model = _model(21)
    parts = [len(x), len(x), 2 * BATCH, len(x), len(x)]
    x = np.concatenate([x[:n] for n in parts])
    y = np.concatenate([y[:n] for n in parts])
    _fit(model, x, y, 1, _ours(rate=0.0))
    return weights_of(model)


RUNS = {
    "whole": lambda: uninterrupted(rate=0.3),
    "epochs": lambda: resumed("epoch", backup_first=True, rate=0.3),
    "replayed": replayed,
    "batches_before": lambda: resumed(3, backup_first=True),
    "batches_after": lambda: resumed(3, backup_first=False),
}


# What is trained in every run of the tests.
FEW = ("structured/adam", "doped/adam", "whole", "epochs")


def main(path, which):
    results = {}
    for name, (_, optimizers) in MODELS.items():
        for optimizer in optimizers:
            if which == "few" and f"{name}/{optimizer}" not in FEW:
                continue
            for key, value in train(name, optimizer).items():
                results[f"{name}/{optimizer}/{key}"] = value
    for name, run in RUNS.items():
        if which == "few" and name not in FEW:
            continue
        for key, value in run().items():
            results[f"{name}/{key}"] = value
    np.savez(path, **{key: np.asarray(value) for key, value in results.items()})


if __name__ == "__main__":
    main(*sys.argv[1:])
