import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

import lrkeras
from lrkeras import layers, models, structures
from lrkeras.models import registry
from lrkeras.models.compact import save_compact


def small_model():
    keras.utils.set_random_seed(1)
    structure = structures.doped("kronecker", compression=4)
    made = [keras.Input((5, 16)), layers.LSTM(16, joint_structure=structure)]
    model = keras.Sequential([*made, keras.layers.Dense(3)])
    lrkeras.sparsify(model)
    return model


@pytest.fixture
def folder(tmp_path):
    save_compact(small_model(), tmp_path / "tiny.keras")
    (tmp_path / "tiny.md").write_text("A card.")
    registry.register("tiny_doped", {"keras": "tiny.keras", "card": "tiny.md"}, tmp_path)
    return tmp_path


def test_registered_model_is_loaded(folder):
    assert registry.names(folder) == ["tiny_doped"]
    model = registry.load("tiny_doped", folder)
    x = np.random.default_rng(0).normal(size=(2, 5, 16)).astype("float32")
    found, expected = to_numpy(model(x)), to_numpy(small_model()(x))
    np.testing.assert_allclose(found, expected, atol=2e-3)  # weights were rounded to float16
    assert registry.model_file("tiny_doped", "card", folder).read_text() == "A card."


def test_weights_are_float16_numbers_in_a_packed_file(folder, tmp_path):
    model = registry.load("tiny_doped", folder)
    for weight in model.weights:
        value = to_numpy(weight)
        if value.dtype == np.float32:
            np.testing.assert_array_equal(value, value.astype(np.float16))
    model.save(tmp_path / "whole.keras")
    with zipfile.ZipFile(folder / "tiny.keras") as archive:
        assert all(e.compress_type == zipfile.ZIP_DEFLATED for e in archive.infolist())
    assert (folder / "tiny.keras").stat().st_size < (tmp_path / "whole.keras").stat().st_size


def test_a_changed_file_is_refused(folder):
    content = bytearray((folder / "tiny.keras").read_bytes())
    content[len(content) // 2] ^= 1
    (folder / "tiny.keras").write_bytes(content)
    with pytest.raises(ValueError, match="SHA-256"):
        registry.load("tiny_doped", folder)
    (folder / "tiny.keras").unlink()
    with pytest.raises(FileNotFoundError, match="Install"):
        registry.load("tiny_doped", folder)


def test_unknown_names_and_kinds_name_the_known_ones(folder):
    with pytest.raises(ValueError, match=r"Did you mean 'tiny_doped'\?"):
        registry.load("tiny_dope", folder)
    with pytest.raises(ValueError, match="it has card, keras"):
        registry.model_file("tiny_doped", "int8", folder)
    with pytest.raises(ValueError, match="No model 'nothing'"):
        lrkeras.load("nothing")


def test_too_large_weights_are_refused(tmp_path):
    model = small_model()
    model.weights[-1].assign([1e6, 0, 0])
    with pytest.raises(ValueError, match="float16"):
        save_compact(model, tmp_path / "large.keras")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", models.names())
def test_shipped_files_are_whole(name):
    for kind in registry._registry(registry.FOLDER)[name]:
        assert models.model_file(name, kind).stat().st_size > 0


def test_shipped_models_are_loaded_without_the_tasks():
    # In a process of its own: here other tests have imported the tasks.
    code = """
import sys
from lrkeras import models
for name in models.names():
    try:
        models.model_file(name, "keras")
    except ValueError:
        continue
    print(name, models.load(name).count_params())
assert not any(module.startswith("lrkeras.tasks") for module in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    assert "word_prediction_cifg" in run.stdout  # its cell is no structured layer
