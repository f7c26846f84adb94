import json

import numpy as np
import pytest
from load_tool import ROOT, load_tool

tool = load_tool("compare_keyboard")
FILE = ROOT / "lrkeras/models/word_prediction_cifg_int8.tflite"


@pytest.fixture
def corpora(tmp_path):
    texts = {
        "nus-sms/nus_sms_en.dev.tsv": "message_id\tuser\tinput_method\tsuggested_split\ttext\n"
        "1\tu1\tx\tvalid\tSee you later\n2\tu1\tx\tvalid\tI don't know\n3\tu2\tx\ttest\tOk lor\n"
        "4\tu3\tx\tvalid\tThank you\n",
        "sgd-text/dev.tsv": "a\tUSER\tBook a table.\na\tSYSTEM\tWhere?\na\tUSER\tHere\n"
        "b\tUSER\tHi\n",
        "wikitext-2/valid.txt": "\n = One = \n\n He read . \n\n = = Part = = \n\n He didn 't . \n"
        "\n = Two = \n\n She wrote . \n",
    }
    for name, text in texts.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_groups_are_people_dialogues_and_articles(corpora):
    groups = tool.groups_of(corpora, 10)
    assert groups["sms_valid"] == [["See you later", "I don't know"], ["Thank you"]]
    assert groups["sms_test"] == [["Ok lor"]]
    assert groups["dialogues"] == [["Book a table.", "Here"], ["Hi"]]
    assert groups["articles"] == [
        [["he", "read", "."], ["he", "didn't", "."]],
        [["she", "wrote", "."]],
    ]
    assert len(tool.groups_of(corpora, 1)["articles"]) == 1


def test_a_model_is_level_with_itself_and_ahead_of_the_list(corpora, tmp_path):
    out = tmp_path / "out.json"
    tool.main([str(FILE), "--trivial", f"--data={corpora}", f"--out={out}"])
    result = json.loads(out.read_text())
    assert result["groups"]["sms_valid"] == {"groups": 2, "lines": 3}
    own, trivial = (
        result["models"][name]["texts"]["sms_valid"] for name in (FILE.stem, "frequency list")
    )
    assert all(told["interval"] == [0, 0] for told in own.values())
    assert trivial["oov_rate"]["difference"] == 0
    assert trivial["keystrokes_saved"]["difference"] < 0 < trivial["keystrokes_saved"]["share"]


def test_an_earlier_comparison_keeps_what_is_not_measured_again(corpora, tmp_path):
    earlier, out = tmp_path / "earlier.json", tmp_path / "out.json"
    tool.main([str(FILE), "--trivial", f"--data={corpora}", f"--out={earlier}"])
    told = json.loads(earlier.read_text())
    told["models"]["frequency list"]["texts"] = "as it was"
    earlier.write_text(json.dumps(told | {"training": {"four bits": {}}}))
    tool.main([str(FILE), f"--data={corpora}", f"--out={out}", f"--known={earlier}"])
    result = json.loads(out.read_text())
    assert list(result["models"]) == [FILE.stem, "frequency list"]
    assert result["models"][FILE.stem] == told["models"][FILE.stem]
    trivial = result["models"]["frequency list"]
    assert (trivial["texts"], trivial["command"]) == ("as it was", told["command"])
    assert result["training"] == {"four bits": {}} and result["command"] != told["command"]


def test_an_earlier_comparison_of_other_texts_is_refused(corpora, tmp_path):
    earlier, out = tmp_path / "earlier.json", tmp_path / "out.json"
    tool.main([str(FILE), f"--data={corpora}", f"--out={earlier}", "--limit=1"])
    with pytest.raises(SystemExit, match="Name the same first file and --limit"):
        tool.main([str(FILE), f"--data={corpora}", f"--out={out}", f"--known={earlier}"])
    assert not out.exists()


def test_the_interval_is_of_the_paired_difference():
    """Groups that differ much from each other, and in which both models differ by as much."""
    rng = np.random.default_rng(0)
    words = rng.integers(50, 150, 40).astype(float)
    share = rng.uniform(0.1, 0.9, 40)
    sums = np.stack([words, words * share, words * (share + 0.02)], axis=1)
    counted = np.repeat(sums[:, :, None], 3, axis=2)
    told = tool.summary(counted)["top3"]
    assert told["before"] == pytest.approx((words * share).sum() / words.sum())
    assert told["difference"] == pytest.approx(0.02)
    np.testing.assert_allclose(told["interval"], 0.02)
    unpaired = counted.copy()
    unpaired[:, 2] = rng.permutation(unpaired[:, 2])
    low, high = tool.summary(unpaired)["top3"]["interval"]
    assert high - low > 0.1


def test_the_parts_of_a_training_are_taken_along(tmp_path):
    (tmp_path / "second").mkdir()
    history = {"epoch": [0, 1], "perplexity": [9.0, 8.0], "val_perplexity": [7.0, 6.0],
               "seconds": [1.0, 1.0], "loss": [2.0, 2.0]}  # fmt: skip
    for file in ("cifg.history.json", "second/cifg.history.json"):
        (tmp_path / file).write_text(json.dumps(history))
    four = {"valid_perplexity": [6.5], "batches": 300}
    (tmp_path / "second/four_bits.json").write_text(json.dumps(four))
    found = tool.histories_of(tmp_path)
    assert list(found) == ["dialogues once", "then three times", "four bits"]
    assert found["then three times"]["val_perplexity"] == [7.0, 6.0]
    assert found["four bits"]["valid_perplexity"] == [6.5]
