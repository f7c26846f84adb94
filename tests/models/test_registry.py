import subprocess
import sys
import zipfile

import keras
import numpy as np
import pytest
from compact_keras import save_compact
from keras.ops import convert_to_numpy as to_numpy
from load_tool import ROOT

import lrkeras
from lrkeras import layers, models, structures
from lrkeras.export import StepRunner
from lrkeras.models import int8_model, registry
from lrkeras.models.int8_model import read_weights

RELEASED = ROOT / "tools/release/models"
SMALL = "word_prediction_small_dense"
CIFG = "word_prediction_cifg"


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


@pytest.mark.parametrize("folder", [registry.FOLDER, RELEASED], ids=["package", "released"])
def test_shipped_files_are_whole(folder):
    kept = registry._registry(folder)
    for name, kinds in kept.items():
        for kind in kinds:
            assert models.model_file(name, kind, folder).stat().st_size > 0
    listed = {entry["file"] for kinds in kept.values() for entry in kinds.values()}
    assert {
        file.name for file in folder.iterdir() if file.suffix in (".keras", ".md", ".tflite")
    } == {name for name in listed if not name.endswith(".json")}


def test_every_name_is_loaded_without_the_tasks():
    # In a process of its own: here other tests have imported the tasks.
    code = """
import sys
from lrkeras import models
for name in models.names():
    print(name, models.load(name).count_params())
assert not any(module.startswith("lrkeras.tasks") for module in sys.modules)
"""
    run = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=300
    )
    assert run.returncode == 0, run.stderr
    found = dict(line.split() for line in run.stdout.splitlines())
    assert list(found) == models.names()
    assert found[SMALL] == "1253640"


def test_the_names_are_those_that_a_model_is_kept_of():
    assert SMALL in models.names() and "speech_front_end" not in models.names()
    assert models.model_file("speech_front_end", "float32").suffix == ".tflite"
    with pytest.raises(
        ValueError, match="'speech_front_end' has no file of the kind 'keras'; it has"
    ):
        lrkeras.load("speech_front_end")


def test_the_weights_of_the_cifg_file_are_the_trained_ones_in_8_bits():
    found, trained = (registry.load(CIFG, folder) for folder in (registry.FOLDER, RELEASED))
    for weight, kept in zip(trained.weights, found.weights, strict=True):
        wanted, value = to_numpy(weight), to_numpy(kept)
        assert np.abs(value - wanted).max() <= 0.51 * np.abs(wanted).max() / 127, weight.path
    tokens = np.random.default_rng(0).integers(0, 10_000, (2, 12))
    wanted = to_numpy(trained(tokens))
    assert np.abs(to_numpy(found(tokens)) - wanted).max() < 0.02 * np.ptp(wanted)


def test_a_table_in_bands_is_read_from_a_cifg_file(tmp_path):
    keras.utils.set_random_seed(0)
    bands = structures.FrequencyBands(sizes=(20, 40, 60), ranks=(None, 9, 5))
    table = layers.Embedding(120, 16, embeddings_structure=bands, name="words")
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    hidden = keras.layers.RNN(layers.CIFGCell(48, 16), return_sequences=True, name="cifg_0")(
        table(tokens)
    )
    model = keras.Model(tokens, table(hidden, reverse=True))
    bias = model.get_layer("cifg_0").cell.bias  # a file leaves one of zeros out
    bias.assign(np.random.default_rng(0).normal(size=bias.shape))
    lrkeras.convert(model, tmp_path / "a.tflite", form="step", quantize="int8")
    (tmp_path / "a.json").write_text(model.to_json())
    found = int8_model.model_of_int8(tmp_path / "a.json", tmp_path / "a.tflite")
    for weight, kept in zip(model.weights, found.weights, strict=True):
        wanted, value = to_numpy(weight), to_numpy(kept)
        assert np.abs(value - wanted).max() <= 0.51 * np.abs(wanted).max() / 127, weight.path


def test_a_model_of_an_int8_file_has_its_weights():
    """Against the float32 file of the same training: off by half a step of 8 bits at the most."""
    model = lrkeras.load(SMALL)
    assert sum(weight.shape.num_elements() for weight in model.weights) == 1_253_640
    exact = registry.model_file(SMALL, "float32", RELEASED)
    for name, values in read_weights(exact).items():
        found = model.get_layer(name).get_weights()
        for value, weight in zip(values, found, strict=True):
            wanted = value if name == "words" else value.T
            # Some matrices have one scale for all outputs: the largest entry is 127 steps.
            assert np.abs(weight - wanted).max() <= 0.51 * np.abs(wanted).max() / 127, name
    tokens = np.random.default_rng(0).integers(0, 10_000, 12)
    outputs = {
        kind: StepRunner(registry.model_file(SMALL, kind, folder))
        for kind, folder in (("int8", registry.FOLDER), ("float32", RELEASED))
    }
    for token, logits in zip(tokens, to_numpy(model(tokens[None]))[0], strict=True):
        for kind, runner in outputs.items():
            wanted = np.ravel(runner.step([[token]]))
            assert np.abs(logits - wanted).max() < 0.02 * np.ptp(wanted), kind


def test_other_int8_files_are_refused():
    with pytest.raises(
        ValueError, match=r"dense LSTM layers, a projection .*low_rank_int8\.tflite"
    ):
        read_weights(RELEASED / "word_prediction_low_rank_int8.tflite")
