"""What the app is held to is what Python computes with the files that the app ships."""

import json
import pathlib
from types import SimpleNamespace

import numpy as np
import pytest
from load_tool import load_tool

ROOT = pathlib.Path(__file__).parents[2]
SHIPPED = (ROOT / "lrkeras/models", ROOT / "tools/release/models")
NAMES = (ROOT / "android_demo/models.txt").read_text(encoding="utf-8").split()
LISTED = [file for name in NAMES for folder in SHIPPED for file in folder.glob(name)]
APP_MODELS = [file for file in LISTED if file.suffix == ".tflite"]
TEST_MODELS = sorted((ROOT / "android_demo/app/src/test/resources/models").glob("*.tflite"))
MODELS = [*APP_MODELS, *TEST_MODELS]
GOLDENS = ROOT / "android_demo/goldens"
# After a change of models: python tools/release/android_goldens.py


@pytest.fixture(scope="module")
def tool():
    return load_tool("android_goldens")


def committed(name):
    return json.loads((GOLDENS / f"{name}.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", MODELS, ids=lambda path: path.stem)
def test_outputs_are_those_of_the_model(tool, path):
    expected, found = committed(path.stem), tool.golden(path, tool.CLIPS)
    outputs = np.array(expected.pop("outputs"))
    spread = outputs.max() - outputs.min()
    # Kernels for other processors sum in another order, and round int8 activations apart.
    tolerance = spread * (1e-5 if expected["quantize"] is None else 0.02)
    np.testing.assert_allclose(found.pop("outputs"), outputs, atol=tolerance)
    best = expected.pop("best"), found.pop("best")
    assert np.mean(np.equal(*best)) > 0.9
    assert found == expected


def test_the_app_takes_what_it_has_room_for(tool):
    assert [path.name for path in LISTED] == NAMES
    assert tool.chosen(*SHIPPED) == APP_MODELS
    kinds = [(golden["task"], golden["quantize"]) for golden in map(committed, stems(APP_MODELS))]
    assert kinds.count(("word_prediction", "int8")) >= 2
    assert {("speech_commands", "int8"), ("speech_front_end", None)} <= set(kinds)
    assert ("word_prediction", "int4") in kinds
    # 20 MB less the runtime for three kinds of processors.
    assert sum(path.stat().st_size for path in LISTED) < 20_000_000 - 10_192_980


def test_the_best_by_the_measured_tables_comes_first(tool):
    scores = tool.measured()
    first = {}
    for path in APP_MODELS:
        first.setdefault(committed(path.stem)["task"], path.name)
    # By the tables of docs/results, read by a person.
    assert first["word_prediction"] == "word_prediction_chat_int8.tflite"
    assert first["speech_commands"] == "speech_commands_dense_int8.tflite"
    assert scores["speech_commands_dense_int8.tflite"] == pytest.approx(0.936, abs=5e-4)
    cifg = np.mean([0.102, 0.571, 0.280])
    assert scores["word_prediction_cifg_int8.tflite"] == pytest.approx(cifg, abs=1e-3)


def test_what_goes_into_the_app_follows_from_kinds_and_sizes(tool, tmp_path, monkeypatch):
    told = {}

    def add(name, size, task="word_prediction", quantize=None):
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(bytes(size))
        told[path.name] = {"name": path.stem, "task": task, "quantize": quantize}

    monkeypatch.setattr(tool, "StepRunner", lambda path: SimpleNamespace(metadata=told[path.name]))
    add("package/front.tflite", 1_000_000, task="speech_front_end")
    add("package/words.tflite", 500_000)
    add("package/large.tflite", 6_900_000, quantize="int8")
    add("package/speech.tflite", 900_000, task="speech_commands", quantize="int8")
    add("beside/small.tflite", 150_000, quantize="int4")
    add("beside/other.tflite", 160_000, quantize="int8")
    add("beside/speech_float32.tflite", 10_000, task="speech_commands")
    (tmp_path / "beside/small.md").write_text("A card.")
    monkeypatch.setattr(tool, "measured", lambda: {"large.tflite": 0.3})
    add("package/newest.tflite", 100_000, quantize="int4")
    monkeypatch.setattr(tool, "read_by_the_app", lambda file: file.stem != "newest")
    # 1 first, 0.9 and 6.9 of the folder that is asked first; 9 have room for 0.15 more.
    files = tool.chosen(tmp_path / "package", tmp_path / "beside")
    # Of a task, what was measured comes first: here the only one that was.
    assert [file.stem for file in files] == ["speech", "front", "large", "small"]
    assert tool.cards(files) == [tmp_path / "beside/small.md"]


def stems(paths):
    return [path.stem for path in paths]


def test_nothing_is_left_of_models_that_are_gone():
    expected = {f"{stem}.json" for stem in [*stems(MODELS), "tokens", "text_ids", "personal_words"]}
    found = {path.name for path in GOLDENS.iterdir()}
    assert expected <= found <= expected | {f"{stem}.suggestions.json" for stem in stems(MODELS)}


def test_suggestions_are_those_of_the_keyboard(tool):
    files = [path for path in MODELS if (GOLDENS / f"{path.stem}.suggestions.json").exists()]
    assert files
    for path in files:
        assert tool.suggestions(path) == committed(f"{path.stem}.suggestions")


def test_words_of_a_person_are_what_is_learned_here(tool):
    golden = committed("personal_words")
    assert golden == tool.personal_words()
    # By hand: seen so often, not in addresses, in the case of the last one inside of a sentence.
    for line in ("word\tkopitiam\t1", "word\tPriya\t2", "word\tliao\t3", "word\tJoon\t2"):
        assert line in golden[0]["export"].split("\n")


def test_ids_of_texts_are_those_of_keras(tool):
    assert committed("text_ids") == tool.text_ids()


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
