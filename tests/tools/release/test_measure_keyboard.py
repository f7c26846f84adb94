"""What an earlier measurement is still good for."""

import json
import pathlib

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


def test_the_committed_result_is_of_the_committed_files():
    """Figures of files that were replaced since would be figures of nothing."""
    file = ROOT / "docs/results/data/word_prediction.json"
    result = json.loads(file.read_text(encoding="utf-8"))
    for name, row in result["models"].items():
        file = ROOT / "lrkeras" / "models" / f"{name}.tflite"
        if "step_us" in row:
            assert row["sha256"] == tool.checksum(file), name
