"""Training a row, stopping it, going on, and its file."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.export import Seq2SeqRunner
from lrkeras.tasks import papers
from lrkeras.tasks.papers.translation import training
from lrkeras.tasks.papers.translation.file_of_model import searches_of
from lrkeras.tasks.papers.translation.greedy import translate
from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus
from lrkeras.tasks.papers.translation.rows import config_of
from lrkeras.tasks.papers.translation.translation_scores import TranslationScores, unpacked

for package in ("keras_hub", "sacrebleu"):
    pytest.importorskip(package)

DENSE = config_of("multi30k_tiny")


@pytest.fixture(scope="module")
def dense_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("dense")
    return out, papers.train(DENSE, out, verbose=0)


def test_a_run_learns_and_says_so(dense_run):
    out, result = dense_run
    assert json.loads((out / "result.json").read_text()) == json.loads(json.dumps(result))
    losses = result["history"]["val_loss"]
    # Guessing among all sub-words costs log(200).
    assert losses[-1] < 0.5 < losses[0] < np.log(200)
    assert result["valid_bleu"] == result["history"]["val_bleu"][-1] > result["baselines"]["copy"]
    assert result["valid_bleu"] > 80
    assert result["recurrent"]["parameters"] == 2 * 4 * 48 * ((32 + 48 + 1) + (48 + 48 + 1))
    assert result["recurrent"]["compression"] == 1
    assert not list(out.glob(".backup"))


def test_its_file_says_what_keras_says(dense_run):
    out, result = dense_run
    corpus = PairCorpus.load(DENSE, None, out / training.WORDS_FILE)
    model = keras.saving.load_model(out / "model.keras", compile=False)
    sources = corpus.sub_words.encode([source for source, _ in [*corpus.valid, *corpus.test]])
    by_keras = translate(model, sources, DENSE.longest)
    by_file = searches_of(Seq2SeqRunner(out / "model.tflite"), DENSE)
    same = [by_file["greedy"](ids) == said for ids, said in zip(sources, by_keras, strict=True)]
    assert len(same) == 51 and np.mean(same) > 0.9
    file = result["file"]
    assert file["bytes"] == (out / "model.tflite").stat().st_size
    assert file["table_bytes"] == 200 * 32
    assert abs(file["valid_bleu"] - result["valid_bleu"]) < 5


def test_the_test_is_scored_by_what_the_file_said(dense_run):
    out, result = dense_run
    references = [target for _, target in PairCorpus.load(DENSE, None, out / "sub_words.spm").test]
    for search in ("greedy", "beam"):
        texts = (out / f"test.{search}.txt").read_text(encoding="utf-8").splitlines()
        scores = TranslationScores.of(texts, references)
        found = result["file"][f"test_{search}"]
        assert found["bleu"] == scores.bleu
        np.testing.assert_array_equal(unpacked(found["counts"]), scores.counts)


def test_a_finished_run_is_not_trained_again(dense_run):
    out, result = dense_run
    assert papers.train(DENSE, out)["history"] == result["history"]
    with pytest.raises(ValueError, match="epochs"):
        papers.train(dataclasses.replace(DENSE, epochs=3), out)


def test_a_run_that_chooses_a_rate_leaves_the_test_alone(tmp_path, monkeypatch):
    monkeypatch.setattr(training, "measure_file", None)
    config = config_of("multi30k_tiny_e1")
    result = papers.train(config, tmp_path, verbose=0)
    assert result["file"] == {"skipped": "it chooses a learning rate"}
    assert not list(tmp_path.glob("test.*"))


@pytest.mark.slow  # tests/tasks/papers/test_training.py stops a language model
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, kill):
    config = dataclasses.replace(
        config_of("multi30k_tiny_doped_kronecker_4x_e3"), anneal=(0.1, 0.8), batch_size=32
    )
    whole = papers.train(config, tmp_path / "whole", verbose=0)
    out = tmp_path / "stopped"
    kill(training, lambda: papers.train(config, out, verbose=0), epoch=2, batch=3)
    again = papers.train(config, out, verbose=0)
    assert again["history"]["loss"] == pytest.approx(whole["history"]["loss"], rel=1e-5)
    assert again["history"]["sparsity"][-1] > 0.5
    models = [
        keras.saving.load_model(tmp_path / name / "model.keras", compile=False)
        for name in ("whole", "stopped")
    ]
    for one, other in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), atol=1e-6)


def test_rows_start_from_no_run_and_need_their_corpus(tmp_path):
    with pytest.raises(ValueError, match="starts from nothing"):
        papers.train(DENSE, tmp_path / "x", start=tmp_path)
    with pytest.raises(ValueError, match="holds raw/"):
        papers.train(config_of("multi30k"), tmp_path / "x")
    with pytest.raises(FileNotFoundError, match=r"raw/train.en.gz"):
        papers.train(config_of("multi30k"), tmp_path / "x", data=tmp_path)
    assert not (tmp_path / "x").exists()
