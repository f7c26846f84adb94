"""Arrays from files: one, or several by the names of a model's inputs."""

import keras
import numpy as np
import pytest

from lrkeras.cli import arrays
from lrkeras.compression.fitting.calibration import model_batches


def test_one_array_and_several(tmp_path):
    np.save(tmp_path / "one.npy", np.arange(3))
    np.savez(tmp_path / "two.npz", a=np.zeros(2), b=np.ones(2))
    assert arrays.inputs(None) is None
    assert arrays.one(str(tmp_path / "one.npy"), "counts").tolist() == [0, 1, 2]
    assert sorted(arrays.inputs(str(tmp_path / "two.npz"))) == ["a", "b"]
    with pytest.raises(ValueError, match=r"one array of counts.*received a \.npz file with a, b"):
        arrays.one(str(tmp_path / "two.npz"), "counts")


@pytest.mark.parametrize("name", ["x.npy", "x.npz"])
def test_what_numpy_cannot_read_without_running_code(name, tmp_path):
    path = tmp_path / name
    save = np.save if name == "x.npy" else np.savez
    save(path, np.array([{}], dtype=object))
    with pytest.raises(ValueError, match=r"Expected a \.npy file"):
        arrays.inputs(str(path))
    path.write_bytes(b"PK\x03\x04 no archive")
    with pytest.raises(ValueError, match=r"Expected a \.npy file"):
        arrays.inputs(str(path))


def test_calibration_goes_by_the_names_of_the_inputs():
    a, b = keras.Input((3,), name="a"), keras.Input((2,), name="b")
    model = keras.Model([a, b], keras.layers.Concatenate()([a, b]))
    x, y = np.zeros((4, 3)), np.zeros((4, 2))
    (batch,) = model_batches(model, {"a": x, "b": y})
    assert sorted(batch) == ["a", "b"] and len(model_batches(model, [x, y])) == 1
    for wrong in (x, {"a": x, "c": y}):
        with pytest.raises(ValueError, match=r"needs the inputs \['a', 'b'\].*a \.npz file"):
            model_batches(model, wrong)


def test_what_a_damaged_archive_makes_numpy_say_is_cut(tmp_path):
    path = tmp_path / "x.npz"
    np.savez(path, **{"a" * 40_000: np.zeros(2)})
    data = path.read_bytes()
    path.write_bytes(data.replace(b"a" * 40_000, b"b" * 40_000, 1))
    with pytest.raises(ValueError, match=r"Expected a \.npy file") as caught:
        arrays.inputs(str(path))
    assert len(str(caught.value)) < 600
