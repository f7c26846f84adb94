"""One door for files of all kinds: what it takes, what it says of what it does not take."""

import json
import zipfile

import h5py
import keras
import numpy as np
import pytest

import lrkeras
from lrkeras.legacy_h5.tensorflow_functions import call_function


def small():
    return keras.Sequential(
        [keras.Input((5, 3)), keras.layers.LSTM(4, name="lstm"), keras.layers.Dense(2, name="out")]
    )


def predicted(model):
    return np.asarray(model(np.linspace(-1, 1, 30).reshape(2, 5, 3).astype("float32")))


def edited(model, path, edit):
    """A `.keras` file whose configuration was changed."""
    model.save(path.with_name("before.keras"))
    with zipfile.ZipFile(path.with_name("before.keras")) as old, zipfile.ZipFile(path, "w") as new:
        for name in old.namelist():
            content = old.read(name)
            if name == "config.json":
                config = json.loads(content)
                edit(config)
                content = json.dumps(config)
            new.writestr(name, content)
    return path


def lstm_of(config):
    return next(e for e in config["config"]["layers"] if e["class_name"] == "LSTM")["config"]


def test_arguments_of_keras_2_in_a_file_of_keras_3(tmp_path):
    path = edited(
        small(), tmp_path / "a.keras", lambda config: lstm_of(config).update(time_major=False)
    )
    assert lrkeras.load_model(path).output_shape == (None, 2)
    path = edited(
        small(), tmp_path / "b.keras", lambda config: lstm_of(config).update(time_major=True)
    )
    with pytest.raises(ValueError, match="time_major"):
        lrkeras.load_model(path)


@pytest.mark.parametrize("name", ["w.weights.h5", "w.h5"])
def test_weights_of_keras_3_with_their_model(name, tmp_path):
    model, other = small(), small()
    model.save_weights(tmp_path / "w.weights.h5")
    (tmp_path / "w.weights.h5").rename(tmp_path / name)
    assert lrkeras.load_model(tmp_path / name, other) is other
    np.testing.assert_array_equal(predicted(other), predicted(model))
    wrong = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(6), keras.layers.Dense(2)])
    before = predicted(wrong)
    with pytest.raises(ValueError, match="are not those of the model"):
        lrkeras.load_model(tmp_path / name, wrong)
    np.testing.assert_array_equal(predicted(wrong), before)
    with pytest.raises(ValueError, match="weights"):
        lrkeras.load_model(tmp_path / name)


def test_a_part_of_the_model_in_a_file(tmp_path):
    path = tmp_path / "w.h5"
    _keras_2_weights(
        path, lstm=[np.ones((3, 16)), np.eye(4, 16), np.ones(16)], head=[np.ones((4, 2))]
    )
    part = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4, name="lstm")])
    with pytest.raises(ValueError, match=r"the model lacks 'head'.*pass partial=True"):
        lrkeras.load_model(path, part)
    lrkeras.load_model(path, part, partial=True)
    np.testing.assert_array_equal(part.get_weights()[1], np.eye(4, 16))
    more = keras.Sequential([keras.Input((5, 3)), keras.layers.LSTM(4, name="other")])
    with pytest.raises(ValueError, match="the file lacks 'other'"):
        lrkeras.load_model(path, more, partial=True)


def test_names_that_tensorflow_takes_for_scopes(tmp_path):
    model = small()
    model.save(tmp_path / "a.h5")
    with h5py.File(tmp_path / "a.h5", "r+") as file:
        config = json.loads(file.attrs["model_config"])
        config["config"]["name"] = "Model_v0.2>model_64>"
        file.attrs["model_config"] = json.dumps(config)
    loaded = lrkeras.load_model(tmp_path / "a.h5")
    assert loaded.name == "Model_v0.2_model_64_"
    assert loaded.predict(np.zeros((1, 5, 3)), verbose=0).shape == (1, 2)


def test_a_model_that_was_compiled_and_never_trained_stays_compiled(tmp_path):
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    model.compile("adam", "mse")
    model.save(tmp_path / "model.keras")
    assert isinstance(lrkeras.load_model(tmp_path / "model.keras").optimizer, keras.optimizers.Adam)


def test_a_loss_that_is_not_known_does_not_keep_the_model_away(tmp_path):
    model = small()

    def my_loss(y_true, y_pred):
        return keras.ops.mean(y_pred - y_true)

    model.compile("adam", my_loss)
    model.train_on_batch(np.zeros((1, 5, 3)), np.zeros((1, 2)))
    model.save(tmp_path / "a.keras")
    with pytest.warns(UserWarning, match=r"without being compiled.*my_loss"):
        loaded = lrkeras.load_model(tmp_path / "a.keras")
    assert not loaded.compiled
    np.testing.assert_array_equal(predicted(loaded), predicted(model))
    by_name = lrkeras.load_model(tmp_path / "a.keras", custom_objects={"my_loss": my_loss})
    assert by_name.compiled


def test_a_lambda_runs_only_if_allowed(tmp_path):
    x = keras.Input((5, 3))
    model = keras.Model(x, keras.layers.Lambda(lambda t: t * 2, output_shape=(5, 3))(x))
    model.save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="safe_mode"):
        lrkeras.load_model(tmp_path / "a.keras")
    loaded = lrkeras.load_model(tmp_path / "a.keras", safe_mode=False)
    assert np.asarray(loaded(np.ones((1, 5, 3))))[0, 0, 0] == 2


def test_folders_that_keras_2_did_not_write(tmp_path):
    (tmp_path / "sm" / "variables").mkdir(parents=True)
    with pytest.raises(FileNotFoundError, match="a folder, but no SavedModel"):
        lrkeras.load_model(tmp_path / "sm")
    (tmp_path / "sm" / "saved_model.pb").touch()
    with pytest.raises(ValueError, match=r"SavedModel without a description.*Give the \.keras"):
        lrkeras.load_model(tmp_path / "sm")
    (tmp_path / "sm" / "keras_metadata.pb").write_bytes(b'"class_name": "Lambda"')
    with pytest.raises(ValueError, match="holds a Lambda"):
        lrkeras.load_model(tmp_path / "sm")
    (tmp_path / "sm" / "keras_metadata.pb").write_bytes(b"")
    with pytest.raises(ValueError, match="cannot be moved to Keras 3"):
        lrkeras.load_model(tmp_path / "sm")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["sm"]


def test_a_model_beside_a_whole_one_is_refused(tmp_path):
    small().save(tmp_path / "a.keras")
    with pytest.raises(ValueError, match="a file of weights only"):
        lrkeras.load_model(tmp_path / "a.keras", small())


def test_functions_of_tensorflow_that_are_not_translated():
    x = keras.Input((4, 3))
    assert call_function("__operators__.getitem", "f", (x,), {"slice_spec": [_ELLIPSIS, 0]}).shape
    with pytest.raises(ValueError, match=r"'f' applies tf\.signal\.stft.*pass it as model="):
        call_function("signal.stft", "f", (x,), {})
    with pytest.raises(ValueError, match=r"'f', tf\.nn\.relu, cannot be translated"):
        call_function("nn.relu", "f", (x,), {"other": 1})
    with pytest.raises(ValueError, match="at most one size left open"):
        call_function("reshape", "f", (x,), {"shape": [None, -1, 3]})


_ELLIPSIS = {"class_name": "__ellipsis__"}


def _keras_2_weights(path, **layers):
    with h5py.File(path, "w") as file:
        file.attrs["layer_names"] = [name.encode() for name in layers]
        for name, arrays in layers.items():
            group = file.create_group(name)
            group.attrs["weight_names"] = [f"w{i}".encode() for i in range(len(arrays))]
            for i, array in enumerate(arrays):
                group.create_dataset(f"w{i}", data=array.astype("float32"))
