"""What a training left becomes what `lrkeras.load` takes."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from load_tool import load_tool

import lrkeras
from lrkeras.models import registry
from lrkeras.tasks import word_prediction
from lrkeras.tasks.keyboard.file_model import FileModel

CONFIG = dataclasses.replace(
    word_prediction.PRESETS["keyboard"],
    num_words=40,
    units=32,
    embedding_dim=16,
    table_rank=8,
    small_units=24,
    cifg_units=48,
    cifg_dim=16,
)


@pytest.fixture
def run(tmp_path):
    """The folder of a training that left some weights."""
    folder = tmp_path / "run"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(dataclasses.asdict(CONFIG)))
    words = ["<unk>", "<eos>", *(f"word{n}" for n in range(38))]
    (folder / "metadata.json").write_text(json.dumps({"vocabulary": words}))
    for name in ("small_dense", "cifg", "low_rank"):
        keras.utils.set_random_seed(0)
        model = word_prediction.build_model(CONFIG, name)
        for weight in model.weights:  # biases start at zero, and such are not in the file
            if len(weight.shape) == 1:
                weight.assign(np.random.default_rng(0).normal(size=weight.shape))
        model.save(folder / f"{name}.keras")
        history = {"epoch": [0], "val_perplexity": [30.0]}
        (folder / f"{name}.history.json").write_text(json.dumps(history))
    return folder


@pytest.mark.slow  # tests of the registry load what the tool has left in the package
def test_each_model_goes_where_it_belongs(run, tmp_path):
    tool = load_tool("ship_word_models")
    folders = {name: tmp_path / name for name in ("package", "released")}
    for folder in folders.values():
        folder.mkdir()
    options = [f"--{name}={folder}" for name, folder in folders.items()]
    models = ["small_dense", "cifg", "low_rank"]
    tool.main([str(run), "--models", *models, "--float32", "small_dense", *options])
    package, released = folders.values()
    assert registry.names(package) == ["word_prediction_cifg", "word_prediction_small_dense"]
    assert registry.names(released) == ["word_prediction_cifg"]  # to convert it again
    assert registry.model_file("word_prediction_small_dense", "float32", released).exists()
    assert registry.model_file("word_prediction_low_rank", "int8", released).exists()
    tokens = np.arange(12)[None]
    for name in ("small_dense", "cifg"):
        trained = keras.saving.load_model(run / f"{name}.keras", compile=False)
        kept = registry.load(f"word_prediction_{name}", package)
        wanted, found = to_numpy(trained(tokens)), to_numpy(kept(tokens))
        assert np.abs(found - wanted).max() < 0.03 * np.ptp(wanted)
        card = registry.model_file(f"word_prediction_{name}", "card", package).read_text()
        assert f"word_prediction_{name}_int8.tflite" in card and "{" not in card


def test_a_run_with_chats_has_a_name_of_its_own_and_four_bits(run, tmp_path):
    tool = load_tool("ship_word_models")
    package, released = tmp_path / "package", tmp_path / "released"
    package.mkdir()
    released.mkdir()
    config = dataclasses.asdict(CONFIG) | {"chat_rate": 0.3}
    (run / "config.json").write_text(json.dumps(config))
    trained = keras.saving.load_model(run / "cifg.keras", compile=False)
    lrkeras.quantize_aware(trained).save(run / "cifg_int4.keras")
    (run / "four_bits.json").write_text(json.dumps({"valid_perplexity": [40.0, 31.25]}))
    tool.main([str(run), "--models", "cifg", f"--package={package}", f"--released={released}"])
    assert registry.names(package) == ["word_prediction_chat"]
    for kind in ("int8", "int4"):
        file = registry.model_file("word_prediction_chat", kind, package)
        assert len(FileModel(file).vocabulary.words) == 40
    card = registry.model_file("word_prediction_chat", "card", package).read_text()
    assert "40 lower-case words" in card and "perplexity of 31.2;" in card
    assert "train_chat_words.py" in card and "{" not in card
