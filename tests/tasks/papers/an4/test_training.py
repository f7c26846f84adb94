"""Training a row, stopping it, going on, and its file."""

import dataclasses
import json

import keras
import numpy as np
import pytest

from lrkeras.cli import main
from lrkeras.tasks.papers.an4 import training
from lrkeras.tasks.papers.an4.corpus import load_corpus
from lrkeras.tasks.papers.an4.decoding import keras_logits, texts_of
from lrkeras.tasks.papers.an4.rows import config_of

HYBRID = config_of("an4_tiny_hybrid_stack_4x")
SHORT = dataclasses.replace(config_of("an4_tiny_shared_low_rank_4x_e3"), dropout=0.2)


@pytest.fixture(scope="module")
def hybrid_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("hybrid")
    return out, training.train(HYBRID, out, verbose=0)


def test_made_up_words_are_learnt_from_other_speakers(hybrid_run):
    _, result = hybrid_run
    # Saying nothing has a rate of 1.
    assert result["history"]["val_word_error_rate"][0] == 1
    assert result["history"]["val_word_error_rate"][-1] < 0.2
    errors = result["word_errors"]["test"]["greedy"]
    assert sum(errors["errors"].values()) < 0.2 * sum(errors["words"].values())


def test_the_words_said_are_counted_by_hand(hybrid_run):
    _, result = hybrid_run
    test = load_corpus(HYBRID, None).test
    words = {
        speaker: sum(len(one.text.split()) for one in test if one.speaker == speaker)
        for speaker in ("made-up-200", "made-up-201")
    }
    for decoding in ("greedy", "beam"):
        assert result["word_errors"]["test"][decoding]["words"] == words


def _distance(said, found):
    """The fewest words put in place of others, left out and put in, by the usual table."""
    row = list(range(len(found) + 1))
    for count, word in enumerate(said, 1):
        before, row = row, [count]
        for place, other in enumerate(found):
            row.append(min(before[place] + (word != other), before[place + 1] + 1, row[-1] + 1))
    return row[-1]


def test_the_saved_model_says_what_the_result_says(hybrid_run):
    out, result = hybrid_run
    model = keras.saving.load_model(out / "model.keras", compile=False)
    for split in ("valid", "test"):
        utterances = getattr(load_corpus(HYBRID, None), split)
        found = texts_of(keras_logits(model, utterances, HYBRID), "greedy")
        errors = dict.fromkeys({one.speaker for one in utterances}, 0)
        for one, text in zip(utterances, found, strict=True):
            errors[one.speaker] += _distance(one.text.split(), text.split())
        assert result["word_errors"][split]["greedy"]["errors"] == errors


def test_the_file_recognises_as_the_model_does(hybrid_run):
    _, result = hybrid_run
    deployment = result["deployment"]
    for split in ("valid", "test"):
        keras_errors = result["word_errors"][split]["greedy"]
        file_errors = deployment["word_errors"][split]["greedy"]
        assert file_errors["words"] == keras_errors["words"]
        # Eight bits change a word of the two dozen at most.
        difference = sum(file_errors["errors"].values()) - sum(keras_errors["errors"].values())
        assert abs(difference) <= 1
    assert 0 < deployment["file_bytes"] < deployment["dense_int8_file_bytes"]
    assert deployment["step_us"] > 0


@pytest.fixture
def _no_deployment(monkeypatch):
    """Converting and timing take longer than all the rest."""
    monkeypatch.setattr(training, "measure_deployment", lambda *a: {"skipped": "test"})


@pytest.mark.slow  # other rows of the papers are stopped in every run, by the same code
@pytest.mark.usefixtures("_no_deployment")
def test_a_stopped_run_goes_on_to_the_same_result(tmp_path, kill):
    whole = training.train(SHORT, tmp_path / "whole", verbose=0)
    assert set(whole["word_errors"]) == {"valid"}
    kill(
        training,
        lambda: training.train(SHORT, tmp_path / "stopped", verbose=0),
        epoch=1,
        batch=2,
    )
    stopped = training.train(SHORT, tmp_path / "stopped", verbose=0)
    for key in ("loss", "val_loss", "val_word_error_rate"):
        assert stopped["history"][key] == whole["history"][key]
    a, b = (
        keras.saving.load_model(tmp_path / name / "model.keras", compile=False).weights
        for name in ("whole", "stopped")
    )
    for one, other in zip(a, b, strict=True):
        np.testing.assert_array_equal(one.numpy(), other.numpy())


def test_a_rate_at_which_it_diverges_ends_soon_with_a_loss_of_nan(tmp_path):
    config = dataclasses.replace(SHORT, learning_rate=1e20)
    result = training.train(config, tmp_path, verbose=0)
    assert np.isnan(result["history"]["val_loss"][-1])
    assert len(result["history"]["val_loss"]) < config.epochs
    assert np.isnan(json.loads((tmp_path / "result.json").read_text())["history"]["val_loss"][-1])


@pytest.mark.usefixtures("_no_deployment")
def test_command_line(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(training, "load_corpus", lambda config, data: load_corpus(SHORT, None))
    monkeypatch.setattr(training, "_fit", lambda *a: _write_history(a[-2]))
    out = tmp_path / "run"
    assert main(["train", "papers/an4_tiny_low_rank_4x", "--out", str(out), "--seed", "2"]) == 0
    printed = capsys.readouterr().out
    assert "valid word errors" in printed
    assert "12 validation utterances of speakers that were not trained on." in printed
    assert json.loads((out / "config.json").read_text())["seed"] == 2


def _write_history(out):
    (out / "training.history.csv").write_text("epoch,seconds,processor_seconds\n0,1.0,1.0\n")


def test_what_a_run_cannot_have_is_refused(tmp_path):
    with pytest.raises(ValueError, match="received no folder"):
        training.train(config_of("an4"), tmp_path)
    with pytest.raises(ValueError, match="starts from nothing"):
        training.train(HYBRID, tmp_path, start=tmp_path)
    with pytest.raises(ValueError, match="corpus must be"):
        load_corpus(dataclasses.replace(HYBRID, corpus="other"), None)
