import json

import numpy as np
import pytest

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.quickstart import report as quickstart_report
from lrkeras.tasks.quickstart import run as quickstart
from lrkeras.tasks.word_prediction.config import WordPredictionConfig
from lrkeras.tasks.word_prediction.step_language_model import StepLanguageModel

pytest.importorskip("ai_edge_litert")

MICRO = WordPredictionConfig(
    num_words=60,
    units=32,
    embedding_dim=16,
    compression=4,
    window=8,
    batch_size=8,
    steps_per_epoch=12,
    epochs=3,
    warmup_steps=2,
    co_matrix_dropout=0.1,
    max_train_tokens=4000,
    max_valid_tokens=400,
)
FILES = ("dense_fp32", "dense_int8", "doped_fp32", "doped_int8")


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    out = tmp_path_factory.mktemp("quickstart")
    stages = []
    report = quickstart.run(
        out, preset=MICRO, rounds=3, slice_tokens=100, verbose=0, say=stages.append
    )
    return out, report, stages


def test_everything_is_left_in_the_folder(finished):
    out, report, stages = finished
    for name in FILES:
        assert (out / f"{name}.tflite").stat().st_size > 1000
    assert json.loads((out / "report.json").read_text()) == json.loads(json.dumps(report))
    for figure in ("training.png", "tradeoff.png"):
        assert (out / figure).read_bytes().startswith(b"\x89PNG")
    assert len(stages) == 4


def test_rows_say_what_is_on_the_disk(finished):
    out, report, _ = finished
    assert [row["name"] for row in report["files"]] == list(FILES)
    for row in report["files"]:
        assert row["bytes"] == (out / f"{row['name']}.tflite").stat().st_size
        assert 0 < row["median_us"] <= row["p90_us"]
    assert report["files"][0]["speedup"] == 1
    dense = 60 * 16 + 4 * 32 * (16 + 32) + 4 * 32 + 32 * 16 + 16
    assert report["files"][0]["parameters"] == dense


def test_files_are_as_good_as_the_keras_models(finished):
    _, report, _ = finished
    for row in report["files"]:
        reference = report["keras_perplexity"][row["name"].partition("_")[0]]
        tolerance = 1e-3 if row["name"].endswith("fp32") else 0.05
        np.testing.assert_allclose(row["perplexity"], reference, rtol=tolerance)


def test_predictions_are_words_with_falling_probabilities(finished):
    out, report, _ = finished
    words = set(json.loads((out / "metadata.json").read_text())["vocabulary"])
    for found in report["predictions"].values():
        assert [entry["prompt"] for entry in found] == list(quickstart.PROMPTS)
        for entry in found:
            likeliest, shares = zip(*entry["next"], strict=True)
            assert set(likeliest) <= words - {"<unk>", "<eos>"}
            assert 1 > shares[0] >= shares[1] >= shares[2] > 0
            assert entry["completion"].startswith(entry["prompt"])


def test_file_carries_its_vocabulary(finished):
    out, _, _ = finished
    model = StepLanguageModel(out / "dense_fp32.tflite")
    assert len(model.vocabulary) == 60
    short = StepLanguageModel(out / "dense_fp32.tflite", Vocabulary(["<eos>", "<unk>", "a"]))
    assert short.vocabulary.words[2] == "a"


def test_perplexity_is_that_of_the_steps(finished):
    out, _, _ = finished
    model = StepLanguageModel(out / "dense_fp32.tflite")
    ids = np.array([5, 1, 7, 3, 9])
    losses = []
    for start in (0, 3):
        model.runner.reset()
        for place in range(start, min(start + 3, 5)):
            before = ids[place - 1] if place else model.vocabulary.end_id
            logits = np.float64(model.runner.step([[before]]))[0, 0]
            losses.append(np.log(np.exp(logits).sum()) - logits[ids[place]])
    assert model.perplexity(ids, window=3) == pytest.approx(np.exp(np.mean(losses)), rel=1e-9)


def test_report_has_a_row_a_file_and_shows_the_figures(finished):
    out, report, _ = finished
    text = (out / "report.md").read_text()
    for name in FILES:
        assert f"| {name}.tflite |" in text
    assert "](tradeoff.png)" in text
    assert "](training.png)" in text
    rows = quickstart_report.table(report).splitlines()
    assert len(rows) == 2 + len(FILES)
    assert len({row.count("|") for row in rows}) == 1


def test_words_are_not_read_as_markdown():
    assert quickstart_report._plain("a|b *c* <eos>") == r"a\|b \*c\* \<eos\>"
