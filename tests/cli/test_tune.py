import json

import keras
import numpy as np
import pytest

from lrkeras.cli.main import main

TIME, WORDS = 5, 30


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder with a model and its data."""
    folder = tmp_path_factory.mktemp("tune")
    rng = np.random.default_rng(0)
    x = rng.integers(0, WORDS, (60, TIME)).astype("int32")
    y = x.sum(1) % 2
    arrays = {"x": x[:40], "y": y[:40], "x_val": x[40:], "y_val": y[40:]}
    np.savez(folder / "data.npz", **arrays)
    np.savez(folder / "long.npz", **{**arrays, "x": np.zeros((40, TIME + 1), "int32")})
    np.savez(folder / "unjudged.npz", x=x, y=y)
    model = keras.Sequential(
        [
            keras.Input((TIME,), dtype="int32"),
            keras.layers.Embedding(WORDS, 8),
            keras.layers.LSTM(8),
            keras.layers.Dense(2, activation="softmax"),
        ]
    )
    model.save(folder / "uncompiled.keras")
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.save(folder / "model.keras")
    (folder / "my_data.py").write_text(
        "import numpy as np\n"
        f"def load():\n    x = np.zeros((12, {TIME}), 'int32')\n"
        "    return (x, x[:, 0]), (x[:6], x[:6, 0])\n"
    )
    return folder


def _said(capsys, *words):
    assert main([str(word) for word in words]) == 1
    (line,) = capsys.readouterr().err.strip().splitlines()
    return line


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--budget": None}, "Expected --budget or --max-latency"),
        ({"--budget": "4x"}, "Expected budgets of a file"),
        ({"--objective": "val_acuracy"}, "Did you mean 'val_accuracy'?"),
        ({"--data": "long.npz"}, r"in shape (None, 5), received (40, 6)"),
        ({"--data": "unjudged.npz"}, "Expected arrays x_val, y_val"),
        ({"--data": "missing.npz"}, "No file"),
        ({"--data": "my_data:save"}, "Expected a function 'save'"),
        ({"--address": "127.0.0.1:9"}, "Expected a Ray cluster that answers"),
        ({"--trials": "3"}, "Expected at least"),
        ({"model": "uncompiled.keras"}, "Expected a compiled model"),
    ],
)
def test_what_does_not_fit_is_one_line_and_leaves_nothing(
    folder, tmp_path, capsys, monkeypatch, change, said
):
    if change.get("--address"):
        pytest.importorskip("ray")
    monkeypatch.chdir(folder)
    options = {"--data": "data.npz", "--budget": "1 MB", "--out": tmp_path / "run", **change}
    model = options.pop("model", "model.keras")
    words = [word for pair in options.items() if pair[1] is not None for word in pair]
    assert said in _said(capsys, "tune", model, *words)
    assert not (tmp_path / "run").exists()


def test_a_folder_of_something_else_is_left_alone(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    (tmp_path / "letters.txt").write_text("dear")
    words = ("model.keras", "--data", "data.npz", "--budget", "1 MB", "--out", tmp_path)
    assert "has other files" in _said(capsys, "tune", *words)
    assert [file.name for file in tmp_path.iterdir()] == ["letters.txt"]


@pytest.mark.parametrize("data", ["data.npz", "my_data:load"])
def test_fit_trains_and_keeps_the_best_epoch(folder, tmp_path, capsys, monkeypatch, data):
    monkeypatch.chdir(folder)
    out = tmp_path / "tuned.keras"
    words = ("fit", "model.keras", out, "--data", data, "--teacher", "model.keras", "--json")
    assert main([str(word) for word in (*words, "--epochs", 2, "--learning-rate", 0.01)]) == 0
    values = json.loads(capsys.readouterr().out)["epochs"]
    model = keras.saving.load_model(out)
    if data == "data.npz":
        content = np.load("data.npz")
        x, y = content["x_val"], content["y_val"]
        assert model.evaluate(x, y, verbose=0)[0] == pytest.approx(min(values), rel=1e-4)
    assert len(values) == 2


def test_fit_with_wrong_data_writes_nothing(folder, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(folder)
    out = tmp_path / "tuned.keras"
    assert "in shape" in _said(capsys, "fit", "model.keras", out, "--data", "long.npz")
    assert not out.exists()
