import json
import sys

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras import structures
from lrkeras.cli import main
from lrkeras.cli.compress import STRUCTURES, by_pattern, unit_counts
from lrkeras.cli.compress import structures as chosen_structures

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


def test_frequencies_of_words_from_a_file(tmp_path):
    keras.utils.set_random_seed(0)
    words = keras.Sequential(
        [keras.Input((6,), dtype="int32"), keras.layers.Embedding(200, 24), keras.layers.LSTM(8)]
    )
    words.save(tmp_path / "words.keras")
    counts = np.random.default_rng(0).permutation(1e4 / np.arange(1, 201))
    np.save(tmp_path / "counts.npy", counts)
    options = ["--structure", "frequency_bands", "--compression", "2", "--include", "embedding*"]
    options += ["--frequencies", tmp_path / "counts.npy"]
    assert compress(tmp_path / "words.keras", tmp_path / "small.keras", *options) == 0
    small = keras.models.load_model(tmp_path / "small.keras")
    (bands,) = structures.find_structures(small, structures.FrequencyBands)
    np.testing.assert_array_equal(bands.order, np.argsort(-counts))


def meaning(names, compression, block, budget):
    return chosen_structures(by_pattern(names, compression, block, budget), compression, block)


def test_what_the_options_mean():
    assert meaning(None, None, None, "3x") == "auto"
    single = meaning(["low_rank"], 8, None, None)
    assert isinstance(single, structures.LowRank) and single.compression == 8
    several = meaning(["a*=sparse", "b=auto"], None, [1, 4], "2 MB")
    assert several["a*"].block == (1, 4) and several["b"] == "auto"


def test_a_structure_that_is_repeated_is_a_choice_for_the_budget(model_file, tmp_path, capsys):
    names = ["low_rank", "monarch", "x=monarch", "x=doped_low_rank"]
    found = meaning(names, None, [1, 16], "2x")
    assert [type(s).__name__ for s in found["*"]] == ["LowRank", "Monarch"]
    assert [type(s).__name__ for s in found["x"]] == ["Monarch", "Sum"]
    assert found["x"][1].parts[1].block == (1, 16)
    options = ["--structure", "low_rank", "--structure", "monarch", "--budget", "3x", "--json"]
    assert compress(model_file, tmp_path / "out.keras", *options) == 0
    report = json.loads(capsys.readouterr().out)
    several = [structures.LowRank(), structures.Monarch()]
    model = keras.models.load_model(model_file, compile=False)
    _, expected = lrkeras.compress(model, several, budget="3x")
    rows = json.loads(expected.to_json())["matrices"]
    assert [row["structure"] for row in report["matrices"]] == [row["structure"] for row in rows]
    assert any("LowRank" in row["structure"] for row in rows)  # not the last one alone


def test_the_names_in_the_help_are_those_of_the_package():
    assert tuple(structures.NAMES) == STRUCTURES


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
        (
            ["--structure", "low_rank", "--structure", "monarch", "--compression", "4"],
            "one --structure for '*' with --compression, received low_rank and monarch",
        ),
        (
            ["--structure", "auto", "--structure", "monarch", "--budget", "2x"],
            "Expected auto alone for '*', received auto and monarch",
        ),
        (
            ["--structure", "low_rank", "--compression", "4", "--block", "1", "16"],
            "sparse or doped_NAME with --block, the block of sparse parts, received low_rank",
        ),
        (["--budget", "2x", "--block", "1", "16"], "received auto"),
        (["--budget", "3x", "--calibration", "none.npy"], "No file 'none.npy'"),
        (["--budget", "3x", "--calibration", __file__], "Expected a .npy file of inputs"),
        (["--budget", "3x", "--frequencies", __file__], "Expected a .npy file of frequencies"),
        (["--budget", "3x", "--report", "/nowhere/r.json"], "No folder '/nowhere'"),
    ],
)
def test_bad_options_leave_no_file(model_file, tmp_path, capsys, options, message):
    assert compress(model_file, tmp_path / "out.keras", *options) == 1
    printed = capsys.readouterr()
    assert message in printed.err
    assert printed.err.count("\n") == 1
    assert not list(tmp_path.iterdir())


def units_of(file):
    return keras.models.load_model(file).get_layer("lstm").units


def test_fewer_units(model_file, tmp_path, capsys):
    out, report_file = tmp_path / "small.keras", tmp_path / "r.json"
    assert compress(model_file, out, "--prune-units", 2, "--report", report_file, "--json") == 0
    report = json.loads(capsys.readouterr().out)
    assert json.loads(report_file.read_text()) == report
    # An LSTM of n units that reads 32 numbers, and 24 outputs: 4 n (32 + n + 1) + 24 (n + 1).
    params = [4 * n * (33 + n) + 24 * (n + 1) for n in range(49)]
    most = max(n for n in range(49) if params[n] <= params[48] / 2)
    assert units_of(out) == most
    assert (report["dense_params"], report["params"]) == (params[48], params[most])
    assert report["units"][0]["after"] == most
    small = keras.models.load_model(out)
    assert small.compiled
    assert small(np.zeros((1, 3, 32), "float32")).shape == (1, 3, 24)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["r.json", "small.keras"]


def test_numbers_of_units_with_examples(model_file, tmp_path, capsys):
    x = np.random.default_rng(0).normal(size=(8, 5, 32)).astype("float32")
    np.save(tmp_path / "x.npy", x)
    out = tmp_path / "small.keras"
    options = ["--units", "ls*=20", "--calibration", tmp_path / "x.npy", "--include", "lstm"]
    assert compress(model_file, out, *options) == 0
    printed = capsys.readouterr().out
    assert "left as it was: out: it is an output of the model" in printed
    assert "how far the outputs move" in printed
    expected, _ = lrkeras.prune_units(
        keras.models.load_model(model_file, compile=False), units={"lstm": 20}, calibration=x
    )
    for one, other in zip(keras.models.load_model(out).weights, expected.weights, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_what_units_mean():
    assert unit_counts(["one=3", "a=b=4", "lstm.projection=5"]) == {
        "one": 3,
        "a=b": 4,
        "lstm.projection": 5,
    }


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--prune-units", "0"], "--prune-units as a number above 1, such as 2, received 0."),
        (["--prune-units", "nan"], "--prune-units as a number above 1"),
        (["--prune-units", "inf"], "--prune-units as a number above 1"),
        (["--prune-units", "1000"], "Fewer units cannot make the model smaller than"),
        (["--prune-units", "2", "--units", "lstm=20"], "either --prune-units or --units"),
        (["--prune-units", "2", "--exclude", "lstm"], "No unit of"),
        (["--units", "lstm"], "a whole number, such as lstm=128, received 'lstm'"),
        (["--units", "=20"], "received '=20'"),
        (["--units", "lstm=many"], "received 'lstm=many'"),
        (["--units", "lstm=-1"], "received 'lstm=-1'"),
        (["--units", "lstm=1.5"], "received 'lstm=1.5'"),
        (
            ["--units", "lstm=20", "--units", "lstm=30"],
            "one --units for 'lstm', received 20 and 30",
        ),
        (["--units", "lstm=0"], "from 1 to 48 for the units of `lstm`, received 0."),
        (["--units", "lstm=49"], "from 1 to 48 for the units of `lstm`, received 49."),
        (["--units", "lstn=20"], "no layer with units is called 'lstn'. Did you mean 'lstm'?"),
        (["--units", "out=20"], "The units of 'out' have to stay."),
        (["--prune-units", "2", "--structure", "low_rank"], "received --structure too"),
        (["--prune-units", "2", "--compression", "4"], "received --compression too"),
        (["--units", "lstm=20", "--budget", "2x"], "Expected --units without options for matrices"),
        (["--prune-units", "2", "--method", "svd"], "received --method too"),
        (["--prune-units", "2", "--block", "1", "16"], "received --block too"),
        (
            ["--prune-units", "2", "--budget", "2x", "--gate-layout", "per_gate"],
            "received --budget and --gate-layout too. Take units out first",
        ),
        (["--prune-units", "2", "--plot", "r.png"], "its report cannot be drawn"),
        (["--prune-units", "2", "--calibration", "none.npy"], "No file 'none.npy'"),
        (["--prune-units", "2", "--report", "/nowhere/r.json"], "No folder '/nowhere'"),
        (["--compression", "4", "--through-normalization"], "with --prune-units or --units"),
    ],
)
def test_bad_options_for_units_leave_no_file(model_file, tmp_path, capsys, options, message):
    test_bad_options_leave_no_file(model_file, tmp_path, capsys, options, message)


def test_text_for_a_number_is_a_misuse(model_file, tmp_path, capsys):
    assert compress(model_file, tmp_path / "out.keras", "--prune-units", "half") == 2
    assert "--prune-units: invalid float value: 'half'" in capsys.readouterr().err
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


def test_a_plot_that_cannot_be_drawn_leaves_no_file(model_file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    options = ["--structure", "low_rank", "--compression", 4, "--plot", tmp_path / "r.png"]
    assert compress(model_file, tmp_path / "out.keras", *options) == 1
    assert "lrkeras[tasks]" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_an_existing_file_survives_a_failure(model_file, tmp_path, capsys):
    out = tmp_path / "out.keras"
    out.write_bytes(b"before")
    assert compress(model_file, out, "--structure", "low_rank", "--budget", "12 B") == 1
    assert out.read_bytes() == b"before"
    capsys.readouterr()
