"""Trains one doped LSTM and writes its weights to `FOLDER/<run>.npz`; run by `conftest.py`.

`python train_script.py FOLDER RUN ...` with runs `single` (one device), `data_parallel` (the two
devices that JAX has been told to have) or `worker_<index>` (as the worker that TF_CONFIG names).
"""

import pathlib
import sys

import keras
import numpy as np

from lrkeras import callbacks, layers, structures

STEPS, FEATURES, UNITS, TARGETS, BATCH, BATCHES, EPOCHS = 5, 6, 8, 3, 8, 5, 2
ANNEALING = {"begin_step": 2, "end_step": 8, "frequency": 2}


class Packed(keras.Model):
    """A model whose targets come in the last features of the last time step of its inputs."""

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return super().compute_loss(x, x[:, -1, FEATURES:], y_pred, sample_weight, training)


class WorkerModel(Packed):
    """One whose logs have an axis, over which `fit` takes the mean between workers."""

    def train_step(self, data):
        logs = super().train_step(data)
        return {name: keras.ops.reshape(value, (1,)) for name, value in logs.items()}


def problem():
    """Sequences of three to five steps, padded with zeros, and the targets packed with them."""
    rng = np.random.default_rng(5)
    x = rng.normal(size=(BATCH * BATCHES, STEPS, FEATURES))
    y = np.stack([x[:, -1, 0], x[:, 0, 1], x.mean(axis=(1, 2))], axis=1)
    for i, sequence in enumerate(x):
        sequence[3 + i % 3 :] = 0
    targets = np.zeros((len(x), STEPS, TARGETS))
    targets[:, -1] = y
    return np.concatenate([x, targets], axis=-1).astype("float32")


def compiled(model_class):
    """The model, its weights set to numbers that no backend has a hand in."""
    packed = keras.Input((STEPS, FEATURES + TARGETS))
    x = keras.layers.Masking()(packed[..., :FEATURES])
    x = layers.LSTM(
        UNITS, joint_structure=structures.doped("kronecker", density=0.1), gate_layout="stacked"
    )(x)
    model = model_class(packed, keras.layers.Dense(TARGETS)(x))
    rng = np.random.default_rng(11)
    for variable in model.trainable_variables:
        variable.assign(rng.normal(scale=0.4, size=variable.shape).astype("float32"))
    model.compile(keras.optimizers.Adam(0.01), "mse")
    return model


def train(model, path, *data, **arguments):
    initial = [keras.ops.convert_to_numpy(w) for w in model.weights]
    annealing = callbacks.SparsityAnnealing(**ANNEALING)
    model.fit(*data, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[annealing], **arguments)
    parts = structures.find_structures(model, structures.Sparse)
    results = {f"weight_{i:02d}_{w.name}": w for i, w in enumerate(model.weights)}
    results.update({f"values_{i}": part.values for i, part in enumerate(parts)})
    results.update({f"mask_{i}": part.mask for i, part in enumerate(parts)})
    results.update({f"initial_{i:02d}": w for i, w in enumerate(initial)})
    results["steps"] = model.optimizer.iterations
    np.savez(path, **{key: keras.ops.convert_to_numpy(w) for key, w in results.items()})


def train_as_worker(path):
    import tensorflow as tf

    strategy = tf.distribute.MultiWorkerMirroredStrategy()  # before anything runs on TensorFlow
    assert strategy.num_replicas_in_sync == 2
    # Each worker reads all data and takes its half of every batch.
    options = tf.data.Options()
    options.experimental_distribute.auto_shard_policy = tf.data.experimental.AutoShardPolicy.DATA
    with strategy.scope():
        model = compiled(WorkerModel)
    data = tf.data.Dataset.from_tensor_slices(problem()).batch(BATCH)
    train(model, path, data.with_options(options))


def main(folder, *runs):
    for run in runs:
        path = pathlib.Path(folder) / f"{run}.npz"
        if run.startswith("worker"):
            train_as_worker(path)
            continue
        if run == "data_parallel":
            devices = keras.distribution.list_devices()
            assert len(devices) == 2, devices
            keras.distribution.set_distribution(keras.distribution.DataParallel(devices=devices))
        train(compiled(Packed), path, problem(), batch_size=BATCH)


if __name__ == "__main__":
    main(*sys.argv[1:])
