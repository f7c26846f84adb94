"""The model of intents and slots, training it, stopping it, going on."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.structures import Sparse, find_structures
from lrkeras.tasks import papers
from lrkeras.tasks.papers.intents import training
from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.model import STATES, intent_model
from lrkeras.tasks.papers.intents.rows import config_of


def micro(name="snips_tiny", **changes):
    """A row in little that learns the made sentences."""
    small = {"learning_rate": 2e-2, "epochs": 8, "batch_size": 8, "dropout": 0.1, "max_words": 8}
    return dataclasses.replace(config_of(name), **{**small, **changes})


def lstm(layer, rows):
    """The states of an LSTM after each row of inputs, in float64."""
    kernel, recurrent, bias = (to_numpy(w).astype(np.float64) for w in layer.get_weights())
    h = c = np.zeros(recurrent.shape[0])
    found = []
    for x in rows:
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        found.append(h)
    return np.array(found)


def test_a_model_reads_both_ways_and_the_words_alone(corpora):
    config = micro()
    corpus = EncodedCorpus.load(config, corpora)
    model = intent_model(config, corpus)
    ids = corpus.words_of(corpus.test[:1], 8)
    length = len(corpus.test[0].words)
    assert length < 8
    table = to_numpy(model.get_layer("table").embeddings).astype(np.float64)[ids[0, :length]]
    both = model.get_layer(STATES)
    back = lstm(both.backward_layer, table[::-1])[::-1]
    states = np.concatenate([lstm(both.forward_layer, table), back], -1)
    outputs = model(ids)
    for name, hidden in (("intent", states.mean(0)), ("slots", states)):
        matrix, bias = (to_numpy(w).astype(np.float64) for w in model.get_layer(name).weights)
        given = to_numpy(outputs[name])[0][: len(hidden)] if name == "slots" else outputs[name][0]
        np.testing.assert_allclose(given, hidden @ matrix + bias, atol=1e-5)


@pytest.fixture(scope="module")
def dense_run(tmp_path_factory, corpora):
    out = tmp_path_factory.mktemp("dense")
    return out, papers.train(micro(), out, data=corpora, verbose=0)


def test_a_run_learns_and_says_so(dense_run, corpora):
    out, result = dense_run
    assert json.loads((out / "result.json").read_text()) == json.loads(json.dumps(result))
    corpus = EncodedCorpus.load(micro(), corpora)
    assert result["test_accuracy"] > 0.9 > result["majority_test_accuracy"]
    model = keras.saving.load_model(out / "model.keras", compile=False)
    given = to_numpy(model(corpus.words_of(corpus.test))["intent"]).argmax(-1)
    right = [corpus.intents[n] == one.intent for n, one in zip(given, corpus.test, strict=True)]
    assert result["test_accuracy"] == np.mean(right)
    assert result["recurrent"]["parameters"] == 2 * 4 * 16 * (16 + 16 + 1)
    assert result["recurrent"]["compression"] == 1
    assert result["history"]["val_accuracy"][-1] == result["valid_accuracy"]
    assert result["history"]["epoch"] == list(range(8))
    assert not list(out.glob(".backup"))


def test_its_file_is_as_good(dense_run):
    out, result = dense_run
    file = result["file"]
    assert file["bytes"] == (out / "model.tflite").stat().st_size
    assert abs(file["test_accuracy"] - result["test_accuracy"]) < 0.1
    assert abs(file["test_slot_f1"] - result["test_slot_f1"]) < 0.1
    assert file["table_bytes"] == result["words"] * 16


def test_a_finished_run_is_not_trained_again(dense_run):
    out, result = dense_run
    # Without the corpus.
    assert papers.train(micro(), out)["history"] == result["history"]
    with pytest.raises(ValueError, match="epochs"):
        papers.train(micro(epochs=3), out)


@pytest.mark.slow  # tests/tasks/papers/test_training.py stops a language model
def test_a_stopped_run_goes_on_to_the_same_weights(tmp_path, corpora, kill, monkeypatch):
    config = micro("snips_tiny_doped_kronecker_2x", epochs=3, anneal=(0.1, 0.8))
    monkeypatch.setattr(training, "measure_file", lambda *_: {"skipped": "test"})
    whole = papers.train(config, tmp_path / "whole", data=corpora, verbose=0)
    out = tmp_path / "stopped"
    kill(training, lambda: papers.train(config, out, data=corpora, verbose=0), epoch=2, batch=3)
    again = papers.train(config, out, data=corpora, verbose=0)
    assert again["history"]["loss"] == pytest.approx(whole["history"]["loss"], rel=1e-5)
    models = [
        keras.saving.load_model(tmp_path / name / "model.keras", compile=False)
        for name in ("whole", "stopped")
    ]
    for one, other in zip(*(model.weights for model in models), strict=True):
        np.testing.assert_allclose(to_numpy(one), to_numpy(other), atol=1e-6)


@pytest.mark.parametrize("kind", ["pruned", "doped_kronecker"])
def test_sparse_parts_have_half_of_the_numbers(kind, corpora):
    config = micro(f"snips_tiny_{kind}_2x")
    model = intent_model(config, EncodedCorpus.load(config, corpora))
    for part in find_structures(model, Sparse):
        part.prune()
    sizes = training.recurrent_sizes(model, config)
    assert sizes["dense_parameters"] == 2 * 4 * 16 * (16 + 16 + 1)
    # A weight less in each of the eight gates at most: densities are whole numbers of weights.
    assert sizes["dense_parameters"] / 2 - 8 <= sizes["parameters"] <= sizes["dense_parameters"] / 2
    assert sizes["compression"] == sizes["dense_parameters"] / sizes["parameters"]
    assert sizes["compression_with_indices"] < sizes["compression"]


@pytest.mark.slow  # tests of the language models prune units in every run
def test_units_that_were_pruned_leave_the_small_dense_model(tmp_path, corpora, monkeypatch):
    monkeypatch.setattr(training, "measure_file", lambda *_: {"skipped": "test"})
    config = micro("snips_tiny_units_2x", epochs=3)
    result = papers.train(config, tmp_path, data=corpora, verbose=0)
    small = config_of("snips_tiny_small_dense_2x")
    assert result["recurrent"]["parameters"] == 8 * small.units * (16 + small.units + 1)
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    assert model.get_layer(STATES).forward_layer.units == small.units


def test_a_corpus_without_slots(corpora):
    config = dataclasses.replace(micro(), corpus="banking77")
    corpus = EncodedCorpus.load(config, corpora)
    model = intent_model(config, corpus)
    assert list(model(corpus.words_of(corpus.valid[:2]))) == ["intent"]
    assert not config.has_slots


def test_rows_start_from_no_run(tmp_path):
    with pytest.raises(ValueError, match="starts from nothing; received"):
        papers.train(micro(), tmp_path / "x", start=tmp_path)
