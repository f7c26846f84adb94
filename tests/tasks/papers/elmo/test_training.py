import json

import keras
import numpy as np
import pytest

from lrkeras import structures
from lrkeras.tasks.papers import train
from lrkeras.tasks.papers.elmo import text_training
from lrkeras.tasks.papers.elmo.bilm import lstm_layers
from lrkeras.tasks.papers.elmo.compression import compressed
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.language_model import BILM
from lrkeras.tasks.papers.elmo.rows import config_of, lstm_numbers

CONFIG = config_of("elmo_tiny")


@pytest.fixture(scope="module")
def trained(tmp_path_factory, corpora, with_tasks):
    """A finished tiny run with two tasks: its folder and its result."""
    folder = tmp_path_factory.mktemp("elmo") / "dense"
    return folder, train(with_tasks(), folder, data=corpora, verbose=0)


def model_in(folder):
    return keras.saving.load_model(folder / "model.keras", compile=False)


def matrices(model):
    """`(kernel, recurrent kernel)` of every LSTM in float64."""
    return [
        tuple(
            keras.ops.convert_to_numpy(w).astype(np.float64)
            for w in (layer.cell.kernel, layer.cell.recurrent_kernel)
        )
        for layer in lstm_layers(model.get_layer(BILM))
    ]


def test_the_model_learns_from_the_text(trained):
    _, result = trained
    history = result["history"]["val_forward_perplexity"]
    assert history[-1] < history[0] < len(ElmoText.load(CONFIG, None).vocabulary)
    assert result["valid_perplexity"]["forward"] == pytest.approx(history[-1], rel=1e-4)


def test_the_numbers_of_the_lstms_are_those_of_the_formula(trained):
    _, result = trained
    assert result["recurrent"]["parameters"] == 4 * lstm_numbers(24, 12)
    assert result["recurrent"]["compression"] == 1


def test_every_task_has_every_seed_and_a_score_of_each_example(trained):
    folder, result = trained
    assert set(result["tasks"]) == {"sick", "squad"}
    sick = result["tasks"]["sick"]
    scores = sick["seeds"]["1"]["test"]
    assert len(scores["by_example"]) == sick["examples"][2] == 12
    assert scores["score"] == pytest.approx(np.mean(scores["by_example"]), abs=1e-3)
    assert (folder / "tasks" / "sick-1.keras").exists()
    assert json.loads((folder / "result.json").read_text())["tasks"].keys() == {"sick", "squad"}


def test_the_test_is_of_the_epoch_that_validated_best(trained):
    _, result = trained
    for task in result["tasks"].values():
        for seed in task["seeds"].values():
            assert seed["valid"]["score"] == pytest.approx(max(seed["learning"]["val_score"]))


def test_a_finished_run_is_not_trained_again(trained, corpora, with_tasks, monkeypatch):
    folder, result = trained
    monkeypatch.delattr("lrkeras.tasks.papers.elmo.training._train")
    again = train(with_tasks(), folder, data=corpora, verbose=0)
    assert again == json.loads(json.dumps(result))


@pytest.mark.slow  # the language models of the papers do it in every run
def test_a_stopped_run_goes_on_to_the_same_weights_which_no_task_changed(trained, tmp_path, kill):
    kill(text_training, lambda: train(CONFIG, tmp_path, verbose=0), epoch=1, batch=2)
    train(CONFIG, tmp_path, verbose=0)
    for ours, theirs in zip(
        model_in(trained[0]).get_weights(), model_in(tmp_path).get_weights(), strict=True
    ):
        np.testing.assert_array_equal(ours, theirs)


def test_svd_of_the_input_is_that_of_numpy_and_the_rest_stays(trained):
    dense = model_in(trained[0])
    small = compressed(config_of("elmo_tiny_svd_input_r3"), dense)
    for (kernel, recurrent), (found, other) in zip(matrices(dense), matrices(small), strict=True):
        u, s, v = np.linalg.svd(kernel, full_matrices=False)
        np.testing.assert_allclose(found, (u[:, :3] * s[:3]) @ v[:3], atol=1e-5)
        np.testing.assert_array_equal(other, recurrent)


def test_semi_nmf_of_the_recurrence_has_a_factor_without_signs(trained):
    dense = model_in(trained[0])
    small = compressed(config_of("elmo_tiny_semi_nmf_recurrent_r4"), dense)
    for layer, (_, recurrent) in zip(
        lstm_layers(small.get_layer(BILM)), matrices(dense), strict=True
    ):
        (structure,) = structures.find_structures(layer)
        left, right = (
            keras.ops.convert_to_numpy(w).astype(np.float64)
            for w in (structure.left, structure.right)
        )
        assert left.shape == (12, 4) and left.min() >= 0
        error = np.linalg.norm(recurrent - left @ right)
        s = np.linalg.svd(recurrent, compute_uv=False)
        # No factors of this rank are nearer than those of the SVD; zeros are farther.
        assert np.linalg.norm(s[4:]) <= error < np.linalg.norm(recurrent)


def test_pruning_keeps_the_largest_as_many_as_factors_have(trained):
    dense = model_in(trained[0])
    small = compressed(config_of("elmo_tiny_pruned_recurrent_r3"), dense)
    kept = 3 * (12 + 96)
    for (kernel, recurrent), (other, found) in zip(matrices(dense), matrices(small), strict=True):
        least = np.sort(np.abs(recurrent).ravel())[-kept]
        np.testing.assert_array_equal(found, np.where(np.abs(recurrent) >= least, recurrent, 0))
        assert np.count_nonzero(found) == kept
        np.testing.assert_array_equal(other, kernel)


def test_eight_bits_are_half_a_step_off_at_most_and_not_exact(trained):
    dense = model_in(trained[0])
    small = compressed(config_of("elmo_tiny_int8"), dense)
    for before, after in zip(matrices(dense), matrices(small), strict=True):
        for w, rounded in zip(before, after, strict=True):
            # No step is longer than that of a range to the largest entry of the output.
            step = np.abs(w).max(0) / 127
            off = np.abs(w - rounded)
            assert np.all(off[np.abs(rounded) < np.abs(rounded).max(0)] <= step.max() / 2 + 1e-7)
            assert 0 < off.mean() < step.mean() / 2
            assert all(len(np.unique(column)) <= 255 for column in rounded.T)


def test_a_compressed_row_keeps_the_models_of_the_tasks(trained, corpora, with_tasks, tmp_path):
    folder, dense = trained
    before = {file.name: file.read_bytes() for file in (folder / "tasks").iterdir()}
    config = with_tasks("elmo_tiny_svd_recurrent_r10")
    result = train(config, tmp_path / "small", data=corpora, start=folder, verbose=0)
    assert not (tmp_path / "small" / "tasks").exists()
    assert {file.name: file.read_bytes() for file in (folder / "tasks").iterdir()} == before
    learning = result["tasks"]["sick"]["seeds"]["1"]["learning"]
    assert learning == dense["tasks"]["sick"]["seeds"]["1"]["learning"]
    factors = 4 * (12 * 96 - 10 * (12 + 96))
    assert dense["frozen_parameters"] - result["frozen_parameters"] == factors
    assert result["valid_perplexity"] != dense["valid_perplexity"]


def test_a_row_without_language_model_learns_from_words(corpora, with_tasks, tmp_path):
    config = with_tasks("elmo_words", ("sst",), task_seeds=(1,), task_epochs=1, task_units=4)
    result = train(config, tmp_path, data=corpora, verbose=0)
    assert "valid_perplexity" not in result
    assert not (tmp_path / "model.keras").exists()
    assert 0 <= result["tasks"]["sst"]["seeds"]["1"]["test"]["score"] <= 1


def test_what_a_row_starts_from_is_checked(trained, with_tasks, corpora, tmp_path):
    small = config_of("elmo_tiny_svd_input_r3")
    with pytest.raises(ValueError, match="received no folder"):
        train(small, tmp_path / "a")
    with pytest.raises(FileNotFoundError, match="Expected a finished run"):
        train(small, tmp_path / "a", start=tmp_path)
    with pytest.raises(ValueError, match="with another tasks"):
        train(small, tmp_path / "a", start=trained[0])
    with pytest.raises(ValueError, match="starts from nothing"):
        train(CONFIG, tmp_path / "a", start=trained[0])


def test_corpora_are_asked_for_where_they_are_missing(with_tasks, tmp_path):
    with pytest.raises(ValueError, match="corpus of 'sick'"):
        train(with_tasks(), tmp_path)
