import json
import warnings
import zipfile

import keras
import numpy as np
import pytest

from lrkeras import layers, structures
from lrkeras.importers import load_model


@pytest.fixture(scope="module")
def trained():
    """A compiled model, and its weights."""
    spec = structures.doped("kronecker", density=0.2)
    model = keras.Sequential([keras.Input((None, 4)), layers.LSTM(6, joint_structure=spec)])
    model.compile("adam", "mse")
    model.train_on_batch(np.ones((1, 3, 4), "float32"), np.ones((1, 6), "float32"))
    return model, model.get_weights()


@pytest.fixture
def saved(trained, tmp_path):
    model, weights = trained
    model.set_weights(weights)
    model.save(tmp_path / "m.keras")
    return model, tmp_path / "m.keras"


def test_loads_what_keras_saved(saved):
    model, path = saved
    loaded = load_model(path)
    for a, b in zip(model.get_weights(), loaded.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)
    assert loaded.compiled
    assert not load_model(path, compile=False).compiled


def test_nan_weights_are_named(saved):
    model, path = saved
    weights = model.get_weights()
    weights[0][0] = np.nan
    model.set_weights(weights)
    model.save(path)
    with pytest.raises(ValueError, match=r"lstm_cell/bias \(1 of 24\)"):
        load_model(path)


@pytest.mark.parametrize("keep", [0, 100, 0.5, 0.98])
def test_truncated_files_are_refused(saved, keep):
    _, path = saved
    content = path.read_bytes()
    path.write_bytes(content[: int(keep * len(content) if keep < 1 else keep)])
    with pytest.raises(ValueError, match=r"is not a \.keras file"):
        load_model(path)


def test_damaged_weights_are_refused(saved):
    _, path = saved
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    content["model.weights.h5"] = content["model.weights.h5"][:1000]
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match="cannot be loaded"):
        load_model(path)


@pytest.mark.skipif(
    keras.__version__.startswith("3.12."), reason="Keras 3.12 loads a model of a name it lacks"
)
def test_long_texts_of_a_file_are_cut(saved):
    _, path = saved
    with zipfile.ZipFile(path) as archive:
        content = {name: archive.read(name) for name in archive.namelist()}
    config = json.loads(content["config.json"])
    config["registered_name"] = 10_000_000 * "w"
    content["config.json"] = json.dumps(config).encode()
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as archive:
        for name, data in content.items():
            archive.writestr(name, data)
    with pytest.raises(ValueError, match="cannot be loaded") as refusal:
        load_model(path)
    assert len(str(refusal.value)) < 1500


def test_foreign_files_are_refused(tmp_path):
    text = tmp_path / "a.keras"
    text.write_text("not a model")
    with pytest.raises(ValueError, match="not a zip archive"):
        load_model(text)
    other = tmp_path / "b.keras"
    with zipfile.ZipFile(other, "w") as archive:
        archive.writestr("config.json", "{}")
    with pytest.raises(ValueError, match=r"it has no model\.weights\.h5"):
        load_model(other)
    with pytest.raises(FileNotFoundError, match="Check the path"):
        load_model(tmp_path / "c.keras")


@pytest.mark.parametrize("part", ["config.json", "model.weights.h5", "assets/text"])
def test_a_part_that_inflates_to_much_is_refused(saved, tmp_path, part):
    _, path = saved
    bomb = tmp_path / "bomb.keras"
    with zipfile.ZipFile(path) as archive, zipfile.ZipFile(bomb, "w") as copy:
        for name in archive.namelist():
            if name != part:
                copy.writestr(name, archive.read(name))
        copy.writestr(part, bytes(80 << 20), zipfile.ZIP_DEFLATED)
    assert bomb.stat().st_size < 1 << 20
    with pytest.raises(ValueError, match=r"would inflate to 83,886,080, as no weights do"):
        load_model(bomb)


def test_a_model_of_keras_2_is_loaded_and_one_of_weights_only_is_refused(tmp_path):
    tf_keras = pytest.importorskip("tf_keras")
    dense = tf_keras.layers.Dense(2, activation="hard_sigmoid", input_shape=(3,))
    peer = tf_keras.Sequential([dense])
    peer.save_weights(tmp_path / "w.h5")
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="You are saving your model as an HDF5 file")
        peer.save(tmp_path / "m.hdf5")
    x = np.random.default_rng(0).normal(size=(4, 3)).astype("float32")
    expected = np.clip(0.2 * x @ peer.get_weights()[0] + 0.5, 0, 1)
    # Keras 2 wrote HDF5 whatever the name was.
    for name in ("m.hdf5", "m2.H5", "m2.keras", "m2"):
        (tmp_path / name).write_bytes((tmp_path / "m.hdf5").read_bytes())
        model = load_model(tmp_path / name)
        np.testing.assert_allclose(model(x), expected, rtol=0, atol=1e-6)
    with pytest.raises(ValueError, match=r"w\.h5' holds weights only"):
        load_model(tmp_path / "w.h5")
    (tmp_path / "text.h5").write_text("not a model")
    with pytest.raises(ValueError, match=r"text\.h5' is not an HDF5 file"):
        load_model(tmp_path / "text.h5")
