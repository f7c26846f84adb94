"""What an earlier measurement is still good for."""

import json
import pathlib

import pytest
from load_tool import load_tool

ROOT = pathlib.Path(__file__).parents[3]
tool = load_tool("measure_keyboard")


def test_qualities_are_taken_over_for_the_same_file_and_the_same_messages(tmp_path):
    models = {
        "a": {"sha256": "1", "quality": {"top3": 0.5}},
        "b": {"sha256": "2", "quality": {"top3": 0.25}},
        "older": {"quality": {"top3": 0.75}},
    }
    file = tmp_path / "earlier.json"
    file.write_text(json.dumps({"sets": {"sms_test": 400}, "models": models}))
    known = tool.known_qualities(file, {"sms_test": 400})
    assert known == {"1": {"top3": 0.5}, "2": {"top3": 0.25}}
    assert tool.known_qualities(file, {"sms_test": 1500}) == {}


def test_what_cannot_be_measured_again_stays():
    ngram, other = {"sha256": "3", "ngrams": 7}, {"sha256": "4"}
    earlier = {
        "sets": {"sms_test": 400},
        "models": {"ngram": ngram, "small_dense": other},
        "training": {"config": 1, "histories": {"dense": [1], "pruned": [2]}},
    }
    result = {
        "sets": {"sms_test": 400},
        "models": {"pruned": {}},
        "training": {"config": 1, "histories": {"pruned": [3]}},
    }
    tool.keep_earlier(result, earlier)
    assert result["models"] == {"pruned": {}, "ngram": ngram}
    assert result["training"]["histories"] == {"dense": [1], "pruned": [3]}
    other_messages = {"sets": {"sms_test": 99}, "models": {}}
    tool.keep_earlier(other_messages, earlier)
    assert other_messages["models"] == {}
    assert other_messages["training"]["histories"].keys() == {"dense", "pruned"}


def test_what_is_missing_is_told_in_a_line_before_anything_is_measured(tmp_path):
    for name in tool.CORPORA:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    file = tmp_path / "model.tflite"
    file.touch()
    options = [str(file), f"--data={tmp_path}", f"--out={tmp_path / 'out.json'}"]
    for further, missing in (
        ([str(tmp_path / "none.tflite")], r"expected \S+none\.tflite"),
        ([f"--data={tmp_path / 'none'}"], r"nus_sms_en\.dev\.tsv.*--data must hold nus-sms/"),
        ([f"--out={tmp_path / 'none' / 'out.json'}"], "no folder .*none"),
        (["--ngram", str(tmp_path / "none.lm")], r"none\.lm"),
        ([f"--known={tmp_path / 'none.json'}"], r"none\.json"),
        ([f"--run={tmp_path}"], r"config\.json"),
        ([f"--curves={tmp_path / 'curves.png'}"], "--run or of --known"),
    ):
        with pytest.raises(SystemExit, match=missing) as stopped:
            tool.main([*options[:1], *(further if further[0][0] != "-" else []), *options[1:],
                       *(further if further[0][0] == "-" else [])])  # fmt: skip
        assert "\n" not in str(stopped.value.code)


def test_the_committed_result_is_of_the_committed_files():
    """Figures of files that were replaced since would be figures of nothing."""
    file = ROOT / "docs/results/data/word_prediction.json"
    result = json.loads(file.read_text(encoding="utf-8"))
    for name, row in result["models"].items():
        if "step_us" in row:
            folders = (ROOT / "lrkeras" / "models", ROOT / "tools" / "release" / "models")
            (file,) = (f for folder in folders for f in folder.glob(f"{name}.tflite"))
            assert row["sha256"] == tool.checksum(file), name
