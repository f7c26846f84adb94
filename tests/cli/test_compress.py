import json

import keras
import numpy as np
import pytest

from lrkeras import structures
from lrkeras.cli import main
from lrkeras.cli.compress import structure

L = keras.layers


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.keras"
    keras.utils.set_random_seed(0)
    model = keras.Sequential(
        [
            keras.Input((None, 32)),
            L.LSTM(48, return_sequences=True, name="lstm"),
            L.Dense(24, name="out"),
        ]
    )
    model.compile("adam", "mse")
    model.save(file)
    return file


def compress(*arguments):
    return main(["compress", *(str(word) for word in arguments)])


def test_writes_a_smaller_model_and_its_report(model_file, tmp_path, capsys):
    out = tmp_path / "small.keras"
    options = ["--structure", "doped_kronecker", "--compression", 8, "--block", 1, 16]
    files = ["--report", tmp_path / "r.json", "--plot", tmp_path / "r.png"]
    assert compress(model_file, out, *options, *files, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert report["matrices"][1]["structure"] == "4 x (Kronecker + Sparse)"
    assert 7.5 < report["ratio"] < 9
    assert json.loads((tmp_path / "r.json").read_text()) == report
    assert (tmp_path / "r.png").read_bytes()[:4] == b"\x89PNG"
    small = keras.models.load_model(out)
    assert small.compiled
    assert small(np.zeros((1, 3, 32), "float32")).shape == (1, 3, 24)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.json", "r.png", "small.keras"]


def test_table_and_patterns(model_file, tmp_path, capsys):
    options = ["--structure", "lstm.recurrent=low_rank", "--structure", "out=monarch"]
    assert compress(model_file, tmp_path / "a.keras", *options, "--compression", 4) == 0
    printed = capsys.readouterr().out
    assert "lstm.recurrent" in printed
    assert "left as it was: lstm.kernel: no structure was given for it" in printed


def test_budget_with_examples(model_file, tmp_path, capsys):
    np.save(tmp_path / "x.npy", np.random.default_rng(0).normal(size=(8, 5, 32)))
    options = ["--structure", "low_rank", "--budget", "30 KB", "--calibration", tmp_path / "x.npy"]
    assert compress(model_file, tmp_path / "a.keras", *options, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert 25_000 < report["bytes"] <= 30_000
    assert report["matrices"][0]["weighted_error"] is not None


def test_what_the_options_mean():
    assert structure(None, None, None, "3x") == "auto"
    single = structure(["low_rank"], 8, None, None)
    assert isinstance(single, structures.LowRank) and single.compression == 8
    several = structure(["a*=sparse", "b=auto"], None, [1, 4], "2 MB")
    assert several["a*"].block == (1, 4) and several["b"] == "auto"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--structure", "low_rank"], "either --compression or --budget"),
        (["--structure", "low_rank", "--compression", "4", "--budget", "2x"], "either --comp"),
        (["--compression", "4"], "Expected --structure with --compression"),
        (["--structure", "low_ronk", "--compression", "4"], 'Did you mean "low_rank"'),
        (["--structure", "low_rank", "--compression", "0.5"], "a number above 1"),
        (["--structure", "lstm_9=low_rank", "--compression", "4"], "no matrix is called"),
        (["--structure", "low_rank", "--budget", "12 B"], "smallest model"),
        (["--budget", "plenty"], "Expected a budget such as"),
        (["--budget", "3x", "--calibration", "none.npy"], "No file 'none.npy'"),
        (["--budget", "3x", "--calibration", __file__], "Expected a .npy file"),
        (["--budget", "3x", "--report", "/nowhere/r.json"], "No folder '/nowhere'"),
    ],
)
def test_bad_options_leave_no_file(model_file, tmp_path, capsys, options, message):
    assert compress(model_file, tmp_path / "out.keras", *options) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def test_bad_files_leave_no_file(model_file, tmp_path, capsys):
    options = ["--structure", "low_rank", "--compression", "4"]
    (tmp_path / "text.keras").write_text("no model")
    for source, target, message in [
        (tmp_path / "text.keras", "out.keras", "is not a .keras file"),
        (tmp_path / "missing.keras", "out.keras", "No file"),
        (model_file, "out.h5", "ends in .keras"),
    ]:
        assert compress(source, tmp_path / target, *options) == 1
        assert message in capsys.readouterr().err
    assert [p.name for p in tmp_path.iterdir()] == ["text.keras"]


def test_an_existing_file_survives_a_failure(model_file, tmp_path, capsys):
    out = tmp_path / "out.keras"
    out.write_bytes(b"before")
    assert compress(model_file, out, "--structure", "low_rank", "--budget", "12 B") == 1
    assert out.read_bytes() == b"before"
    capsys.readouterr()
