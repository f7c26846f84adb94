import csv

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import callbacks, layers, structures


def test_logs_reach_history_and_csv_and_are_the_norms(tmp_path):
    keras.utils.set_random_seed(0)
    spec = structures.doped("kronecker", density=0.2)
    model = keras.Sequential(
        [keras.Input((5, 8)), layers.LSTM(8, joint_structure=spec), layers.Dense(2)]
    )
    model.compile("adam", "mse")
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(32, 5, 8)), rng.normal(size=(32, 2))
    history = model.fit(
        x,
        y,
        epochs=3,
        batch_size=8,
        verbose=0,
        callbacks=[
            callbacks.SparsityAnnealing(0, 8),
            callbacks.StructureLogger(per_layer=True),
            keras.callbacks.CSVLogger(tmp_path / "log.csv"),
        ],
    ).history
    joint = model.layers[0].cell.joint_structure
    bases = [ops.convert_to_numpy(s.parts[0].to_dense()) for s in joint.parts]
    sparses = [ops.convert_to_numpy(s.parts[1].to_dense()) for s in joint.parts]
    structured = np.sqrt(sum(np.sum(b**2) for b in bases))
    sparse = np.sqrt(sum(np.sum(s**2) for s in sparses))
    assert history["structured_norm"][-1] == pytest.approx(structured, rel=1e-5)
    assert history["sparse_norm"][-1] == pytest.approx(sparse, rel=1e-5)
    assert history["sparse_ratio"][-1] == pytest.approx(sparse / structured, rel=1e-5)
    zeros = np.mean([np.mean(s == 0) for s in sparses])
    assert history["sparsity"][-1] == pytest.approx(zeros, abs=1e-6)
    assert history["sparsity"] == sorted(history["sparsity"])
    per_layer = [k for k in history if k.endswith("lstm_cell/joint/sparsity")]
    assert len(per_layer) == 1
    with (tmp_path / "log.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert float(rows[-1]["sparsity"]) == pytest.approx(zeros, abs=1e-6)
