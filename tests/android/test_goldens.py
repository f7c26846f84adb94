"""What the app is held to is what Python computes with the files that the app ships."""

import importlib.util
import json
import pathlib

import numpy as np
import pytest

ROOT = pathlib.Path(__file__).parents[2]
MODELS = sorted((ROOT / "android_demo/app/src/main/assets/models").glob("*.tflite"))
GOLDENS = ROOT / "android_demo/goldens"


@pytest.fixture(scope="module")
def tool():
    spec = importlib.util.spec_from_file_location("goldens", ROOT / "tools/android_goldens.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def committed(name):
    return json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_model(tool, path):
    expected, found = committed(path.stem), tool.golden(path, tool.ASSETS / "clips")
    outputs = np.array(expected.pop("outputs"))
    spread = outputs.max() - outputs.min()
    # Kernels for other processors sum in another order, and round int8 activations apart.
    tolerance = spread * (1e-5 if expected["quantize"] is None else 0.02)
    np.testing.assert_allclose(found.pop("outputs"), outputs, atol=tolerance)
    best = expected.pop("best"), found.pop("best")
    assert np.mean(np.equal(*best)) > 0.9
    assert found == expected


def test_every_task_and_every_kind_of_file_is_there():
    kinds = {(golden["task"], golden["quantize"]) for golden in map(committed, names())}
    assert {
        ("word_prediction", None),
        ("word_prediction", "int8"),
        ("speech_commands", "int8"),
    } <= kinds
    assert sum(path.stat().st_size for path in MODELS) < 3 * 2**20


def names():
    return [path.stem for path in MODELS]


def test_suggestions_are_those_of_the_keyboard(tool):
    files = [path for path in MODELS if (GOLDENS / f"{path.stem}.suggestions.json").exists()]
    assert files
    for path in files:
        assert tool.suggestions(path) == committed(f"{path.stem}.suggestions")


def test_tokens_are_those_of_the_training_text(tool):
    golden = committed("tokens")
    assert [one["text"] for one in golden] == tool.TEXTS
    assert [one["tokens"] for one in golden] == [tool.tokenize(text) for text in tool.TEXTS]
    # Two by hand: a typographic apostrophe, and a mark that combines, which is no letter.
    by_text = {one["text"]: one["tokens"] for one in golden}
    assert by_text["i'd like 2 tickets, please."][:3] == ["i'd", "like", "<num>"]
    assert by_text[next(text for text in by_text if "cafe\u0301" in text)][-2:] == [
        "cafe",
        "\u0301",
    ]
