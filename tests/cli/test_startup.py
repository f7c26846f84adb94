"""The command in a process of its own, as its script starts it: fast, and quiet."""

import json
import os
import resource
import runpy
import statistics
import subprocess
import sys

import keras
import pytest
from load_tool import ROOT

from lrkeras import layers

# What the script that pip makes does.
SCRIPT = "import sys; from lrkeras_command import main; sys.exit(main())"
HEAVY = ("ai_edge_litert", "h5py", "jax", "keras", "matplotlib", "numpy", "rich", "scipy")
HEAVY += ("tensorflow", "torch")
# Of TensorFlow, of absl, of LiteRT.
FOREIGN = ("absl::InitializeLog", "oneDNN", "cpu_feature_guard", "XNNPACK delegate", "cuInit")


def child(code, *words):
    """Runs Python in a folder that has nothing to do with the package, with loud libraries."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("TF_CPP")}
    return subprocess.run(
        [sys.executable, "-c", code, *(str(word) for word in words)],
        env={**kept, "PYTHONPATH": str(ROOT)},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
    )


def command(*words):
    return child(SCRIPT, *words)


@pytest.fixture(scope="module")
def model_file(tmp_path_factory):
    file = tmp_path_factory.mktemp("model") / "model.keras"
    made = [keras.Input((None, 8)), layers.LSTM(16, recurrent_structure="low_rank")]
    keras.Sequential([*made, keras.layers.Dense(3)]).save(file)
    return file


def processor_seconds(*words):
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = command(*words)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    taken = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return taken, done


@pytest.mark.parametrize(
    ("words", "status", "said"),
    [
        (["--help"], 0, "Compressed recurrent Keras models"),
        (["convert", "--help"], 0, "--quantize"),
        (["compress", "--help"], 0, "low_rank"),
        (["train", "--help"], 0, "word_prediction"),
        (["inspect"], 2, "the following arguments are required: file"),
        (["inspect", "missing.keras"], 1, "No file 'missing.keras'"),
        (["convert", "missing.keras", "out.tflite"], 1, "No file 'missing.keras'"),
        (["compress", "missing.keras", "out.keras", "--budget", "2x"], 1, "No file"),
        (["bench", "missing.tflite"], 1, "No file"),
        (["train", "word_predicton"], 1, "Did you mean 'word_prediction'?"),
        (["sing"], 2, "invalid choice: 'sing'"),
    ],
    ids=lambda value: "_".join(value) if isinstance(value, list) else "",
)
def test_help_and_errors_of_usage_take_no_time(words, status, said):
    runs = [processor_seconds(*words) for _ in range(3)]
    done = runs[0][1]
    assert done.returncode == status
    assert said in (done.stderr if status else done.stdout)
    if status:
        assert done.stdout == "" and done.stderr.count("\n") == 1
    assert statistics.median(taken for taken, _ in runs) < 0.5


def test_help_imports_nothing_large():
    code = (
        "import sys; from lrkeras_command import main; main(['compress', '--help']);"
        f"print('loaded:', [name for name in {HEAVY} if name in sys.modules])"
    )
    assert child(code).stdout.endswith("loaded: []\n")


def test_the_module_of_the_command_line_runs_too(monkeypatch, capsys):
    # No command of those that run in a process of their own: its output is not captured here.
    monkeypatch.setattr(sys, "argv", ["lrkeras.cli", "compress", "--help"])
    with pytest.raises(SystemExit, match="0"):
        runpy.run_module("lrkeras.cli", run_name="__main__")
    assert "--budget" in capsys.readouterr().out


def test_commands_let_no_log_line_of_a_library_through(model_file, tmp_path):
    """One process for all: what a library logs, it logs when it is imported or first used."""
    file = tmp_path / "model.tflite"
    commands = [
        ["convert", model_file, file],
        ["inspect", model_file],
        ["inspect", file, "--json"],
        ["bench", file, "--rounds", 1, "--no-cold"],
        ["compress", model_file, tmp_path / "small.keras", "--budget", "2x"],
        ["convert", model_file, file, "--quantize", "int3"],
    ]
    words = json.dumps([[str(word) for word in words] for words in commands])
    code = "import json, sys; from lrkeras_command import main;"
    code += "print([main(words) for words in json.loads(sys.argv[1])])"
    done = child(code, words)
    assert done.stdout.endswith("[0, 0, 0, 0, 0, 1]\n"), done.stderr
    assert done.stderr.startswith("error: Expected `quantize`") and done.stderr.count("\n") == 1
    assert not [mark for mark in FOREIGN if mark in done.stdout]


def test_debug_lets_them_through_with_the_traceback():
    code = """
import os, sys
from lrkeras_command import main
from lrkeras.cli import inspect
def run(options):
    os.write(2, b"a library\\n")
    raise ValueError("of ours")
inspect.run = run
main(["inspect", "file", *sys.argv[1:]])
"""
    assert child(code).stderr == "error: of ours\n"
    loud = child(code, "--debug").stderr
    assert loud.startswith("a library\nTraceback") and loud.endswith("\nerror: of ours\n")


def test_what_python_prints_comes_through_and_what_libraries_write_does_not():
    code = """
import logging, os, sys
from lrkeras.cli.quiet import quiet
with quiet():
    os.write(2, b"a library\\n")
    logging.getLogger("tensorflow").warning("a logger")
    print("of Python", file=sys.stderr)
    logging.getLogger("tensorflow").error("a logged error")
os.write(2, b"afterwards\\n")
print("the end", file=sys.stderr)
"""
    quiet = child("import lrkeras_command" + code).stderr
    assert quiet.splitlines() == ["of Python", "a logged error", "afterwards", "the end"]


def test_a_process_that_a_library_ends_says_where_it_was():
    code = """
import lrkeras_command, os
from lrkeras.cli.quiet import quiet
with quiet():
    os.abort()
"""
    done = child(code)
    assert done.returncode != 0
    assert "Fatal Python error: Aborted" in done.stderr


def test_importing_the_package_registers_the_classes_that_a_file_names(model_file):
    code = """
import keras, sys
try:
    keras.models.load_model(sys.argv[1])
except TypeError as error:
    print("Could not locate class 'LSTM'" in str(error))
import lrkeras
print(type(keras.models.load_model(sys.argv[1])).__name__)
"""
    assert child(code, model_file).stdout == "True\nSequential\n"


def test_names_of_the_package_are_there_for_the_command_too():
    code = """
import lrkeras_command, sys, lrkeras
assert "keras" not in sys.modules
for name in lrkeras.__all__:
    getattr(lrkeras, name)
from lrkeras.compression import compress
assert lrkeras.compress is compress and lrkeras.layers is sys.modules["lrkeras.layers"]
try:
    lrkeras.nothing
except AttributeError as error:
    print(error)
"""
    done = child(code)
    assert done.stdout == "module 'lrkeras' has no attribute 'nothing'\n", done.stderr
