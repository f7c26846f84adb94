import dataclasses
import json
import zipfile

import keras
import numpy as np
import pytest

from lrkeras import layers, structures, tasks
from lrkeras.cli import main, train
from lrkeras.tasks import word_prediction
from lrkeras.tasks.word_prediction.config import WordPredictionConfig

TINY_RUN = WordPredictionConfig(
    num_words=30,
    units=16,
    embedding_dim=8,
    models=("dense",),
    window=5,
    batch_size=4,
    steps_per_epoch=2,
    epochs=1,
    warmup_steps=1,
    max_train_tokens=500,
    max_valid_tokens=100,
)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.keras"
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None, 8)),
            layers.LSTM(16, return_sequences=True, recurrent_structure=structures.LowRank(rank=2)),
            keras.layers.Dense(3, name="out"),
        ]
    )
    model.save(file)
    return file


@pytest.fixture(scope="module")
def step_file(model_file):
    file = model_file.with_suffix(".tflite")
    assert main(["convert", str(model_file), str(file)]) == 0
    return file


def fails_with(capsys, *arguments, status=1):
    assert main([str(word) for word in arguments]) == status
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert "Traceback" not in printed.err
    return printed.err


def json_of(capsys, *arguments):
    assert main([*(str(word) for word in arguments), "--json"]) == 0
    return json.loads(capsys.readouterr().out)


def test_inspect_counts_by_hand(model_file, capsys):
    content = json_of(capsys, "inspect", model_file)
    lstm, dense = content["layers"]
    # Per gate: a recurrent matrix 16 x 16 of rank 2; dense input matrix and biases beside it.
    assert lstm["params"] == 4 * (2 * 16 * 2) + 8 * 64 + 64
    assert dense["params"] == 16 * 3 + 3
    assert content["params"] == lstm["params"] + dense["params"]
    assert content["bytes"] == 4 * content["params"]
    assert content["macs"] == content["params"] - 64 - 3
    assert content["file_bytes"] == model_file.stat().st_size


def test_inspect_prints_a_table(model_file, capsys):
    assert main(["inspect", str(model_file)]) == 0
    assert "MACs" in capsys.readouterr().out


def test_convert_writes_a_file_that_agrees_with_keras(model_file, tmp_path, capsys):
    from lrkeras.export import StepRunner

    metadata = tmp_path / "labels.json"
    metadata.write_text('{"labels": ["a", "b", "c"]}')
    output = tmp_path / "m.tflite"
    report = json_of(capsys, "convert", model_file, output, "--metadata", metadata)
    assert report["file_bytes"] == output.stat().st_size
    runner = StepRunner(output)
    assert runner.metadata["labels"] == ["a", "b", "c"]
    x = np.random.default_rng(0).normal(size=(1, 6, 8)).astype("float32")
    expected = keras.saving.load_model(model_file)(x)
    np.testing.assert_allclose(runner.run(x), keras.ops.convert_to_numpy(expected), atol=1e-5)


def test_inspect_of_a_step_file(step_file, capsys):
    content = json_of(capsys, "inspect", step_file)
    step = content["signatures"]["step"]
    assert set(step["outputs"]) & set(step["inputs"])
    assert "float32 (1, 1, 8)" in step["inputs"].values()
    assert content["operators"]["FULLY_CONNECTED"] >= 1


def test_bench_times_files_side_by_side(step_file, capsys):
    content = json_of(capsys, "bench", step_file, step_file, "--rounds", 3)
    assert [file["path"] for file in content["files"]] == [str(step_file)] * 2
    assert content["rounds"] == 3
    assert all(0 < file["median_us"] <= file["p90_us"] for file in content["files"])


def test_train_runs_a_preset(tmp_path, monkeypatch, capsys):
    monkeypatch.setitem(word_prediction.PRESETS, "test", TINY_RUN)
    out = tmp_path / "run"
    arguments = ["train", "word_prediction", "--preset", "test", "--out", out, "--seed", 5]
    report = json_of(capsys, *arguments)
    assert json.loads((out / "config.json").read_text()) == json.loads(
        json.dumps(dataclasses.asdict(dataclasses.replace(TINY_RUN, seed=5)))
    )
    assert (out / "dense.keras").exists()
    # Table, LSTM and projection.
    expected = 30 * 8 + 64 * (8 + 16 + 1) + 16 * 8 + 8
    assert report["models"]["dense"]["parameters"] == expected
    assert main([str(word) for word in arguments]) == 0
    assert "valid perplexity" in capsys.readouterr().out


def test_train_takes_some_of_the_models_of_a_preset(tmp_path, monkeypatch, capsys):
    config = dataclasses.replace(TINY_RUN, models=("dense", "kronecker", "low_rank"))
    monkeypatch.setitem(word_prediction.PRESETS, "test", config)
    arguments = ["train", "word_prediction", "--preset", "test", "--out", tmp_path / "run"]
    line = fails_with(capsys, *arguments, "--models", "kronecer")
    assert "Did you mean 'kronecker'?" in line
    assert not (tmp_path / "run").exists()
    report = json_of(capsys, *arguments, "--models", "kronecker", "dense")
    assert list(report["models"]) == ["kronecker", "dense"]
    assert all(row["seconds"] > 0 for row in report["models"].values())


def test_unknown_task_and_preset_name_the_nearest(tmp_path, capsys):
    line = fails_with(capsys, "train", "word_predicton", "--out", tmp_path / "x")
    assert "Did you mean 'word_prediction'?" in line
    line = fails_with(capsys, "train", "word_prediction", "--preset", "tinny", "--out", "x")
    assert "Did you mean 'tiny'?" in line
    line = fails_with(capsys, "train", "zzz", "--out", tmp_path / "x")
    assert "Known: word_prediction" in line
    line = fails_with(capsys, "train", "papers/ptb_smal", "--out", tmp_path / "x")
    assert "Did you mean 'ptb_small'?" in line
    assert "more; --list prints all" in line
    assert len(line) < 400
    assert not (tmp_path / "x").exists()


def test_corpus_without_its_folder(tmp_path, capsys):
    arguments = ["train", "word_prediction", "--preset", "ptb_medium", "--out", tmp_path / "x"]
    assert "--data" in fails_with(capsys, *arguments)
    assert "nowhere" in fails_with(capsys, *arguments, "--data", tmp_path / "nowhere")


def test_tune_of_a_training_is_checked_before_it(tmp_path, capsys):
    out = tmp_path / "x"
    words = ("train", "papers/ptb_small", "--out", out, "--tune", "1 MB")
    assert "Use `lrkeras tune` with one of its models." in fails_with(capsys, *words)
    words = ("train", "word_prediction", "--out", out, "--tune", "large")
    assert "Expected a budget such as" in fails_with(capsys, *words)
    assert not out.exists()


@pytest.mark.parametrize("command", ["convert", "inspect"])
def test_bad_keras_files(command, model_file, tmp_path, capsys):
    output = [tmp_path / "out.tflite"] if command == "convert" else []
    missing = tmp_path / "missing.keras"
    assert "No file" in fails_with(capsys, command, missing, *output)

    foreign = tmp_path / "foreign.keras"
    foreign.write_text("hello")
    assert "not a zip archive" in fails_with(capsys, command, foreign, *output)

    halved = tmp_path / "halved.keras"
    halved.write_bytes(model_file.read_bytes()[: model_file.stat().st_size // 2])
    assert "not a zip archive" in fails_with(capsys, command, halved, *output)

    empty = tmp_path / "empty.keras"
    with zipfile.ZipFile(empty, "w") as archive:
        archive.writestr("readme.txt", "nothing")
    assert "no config.json" in fails_with(capsys, command, empty, *output)

    garbled = tmp_path / "garbled.keras"
    with zipfile.ZipFile(model_file) as source, zipfile.ZipFile(garbled, "w") as archive:
        for name in source.namelist():
            archive.writestr(name, b"{" if name == "config.json" else source.read(name))
    assert "cannot be loaded" in fails_with(capsys, command, garbled, *output)
    assert not (tmp_path / "out.tflite").exists()


def test_a_class_that_is_not_known_here(model_file, tmp_path, capsys):
    strange = tmp_path / "strange.keras"
    with zipfile.ZipFile(model_file) as source, zipfile.ZipFile(strange, "w") as archive:
        for name in source.namelist():
            content = source.read(name).replace(b'"LSTM"', b'"Strange"')
            archive.writestr(name, content.replace(b"lrkeras>LSTM", b"else>Strange"))
    assert "cannot be loaded" in fails_with(capsys, "inspect", strange)


def test_bad_tflite_files(tmp_path, capsys):
    broken = tmp_path / "broken.tflite"
    broken.write_bytes(b"not a model at all" * 10)
    fails_with(capsys, "inspect", broken)
    fails_with(capsys, "bench", broken)
    assert "No file" in fails_with(capsys, "bench", tmp_path / "missing.tflite")


def test_unwritable_outputs(model_file, tmp_path, capsys):
    line = fails_with(capsys, "convert", model_file, tmp_path / "nowhere" / "m.tflite")
    assert "No folder" in line
    assert "is a folder" in fails_with(capsys, "convert", model_file, tmp_path)
    occupied = tmp_path / "file"
    occupied.write_text("")
    fails_with(capsys, "train", "word_prediction", "--out", occupied)


def test_bad_metadata(model_file, tmp_path, capsys):
    metadata = tmp_path / "metadata.json"
    arguments = ["convert", model_file, tmp_path / "m.tflite", "--metadata", metadata]
    metadata.write_text("[1]")
    assert "received a list" in fails_with(capsys, *arguments)
    metadata.write_text("{")
    assert "not JSON" in fails_with(capsys, *arguments)


def test_unknown_form_and_quantisation(model_file, tmp_path, capsys):
    output = tmp_path / "m.tflite"
    assert "'stepp'" in fails_with(capsys, "convert", model_file, output, "--form", "stepp")
    assert "'int3'" in fails_with(capsys, "convert", model_file, output, "--quantize", "int3")
    assert not output.exists()


@pytest.mark.parametrize(
    "arguments", [[], ["sing"], ["convert"], ["bench", "--rounds", "few", "x"]]
)
def test_misuse_is_one_line_and_another_status(arguments, capsys):
    assert "--help" in fails_with(capsys, *arguments, status=2)


def test_the_tasks_in_the_help_are_those_of_the_package():
    assert tuple(tasks.TASKS) == train.TASKS


def test_help_of_every_command(capsys):
    for command in ("train", "compress", "convert", "bench", "inspect", "quickstart"):
        assert main([command, "--help"]) == 0
        assert "--json" in capsys.readouterr().out
