"""Packing loses nothing, and what is packed is an ordinary `.keras` file."""

import zipfile

import h5py
import keras
import numpy as np
import pytest
from compact_keras import main, pack
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import layers, structures


@pytest.fixture
def whole(tmp_path):
    keras.utils.set_random_seed(3)
    doped = structures.doped("kronecker", compression=4)
    made = [keras.Input((5, 32)), layers.LSTM(32, joint_structure=doped), keras.layers.Dense(3)]
    model = keras.Sequential(made)
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((2, 5, 32), "float32"), np.ones((2, 3), "float32"))
    model.save(tmp_path / "whole.keras")
    return model, tmp_path / "whole.keras"


def test_not_a_bit_changes(whole, tmp_path):
    model, file = whole
    packed = tmp_path / "packed.keras"
    pack(file, packed)
    assert packed.stat().st_size < 0.95 * file.stat().st_size
    loaded = keras.models.load_model(packed)
    assert loaded.compiled
    for found, expected in zip(loaded.weights, model.weights, strict=True):
        assert to_numpy(found).tobytes() == to_numpy(expected).tobytes()
    for found, expected in zip(loaded.optimizer.variables, model.optimizer.variables, strict=True):
        assert to_numpy(found).tobytes() == to_numpy(expected).tobytes()
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(packed) as after:
        assert before.namelist() == after.namelist()
        assert before.read("config.json") == after.read("config.json")
        with h5py.File(after.open("model.weights.h5")) as weights:
            kernel = weights["layers/dense/vars/0"]
            assert kernel.dtype == np.float32 and kernel.shape == (32, 3)


def test_packing_in_place_and_again_gives_the_same_file(whole, capsys):
    _, file = whole
    main([str(file)])
    once = file.read_bytes()
    main([str(file)])
    assert file.read_bytes() == once
    assert f"to {len(once):,} bytes" in capsys.readouterr().out
