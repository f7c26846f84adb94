"""Training a row, stopping it, going on."""

import dataclasses
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import structures
from lrkeras.cli import main
from lrkeras.tasks.papers.language_models import training
from lrkeras.tasks.papers.language_models.rows import config_of, narrowed


def micro(name="tiny", **changes):
    """A row in little."""
    config = config_of(name)
    small = {
        "num_words": 60,
        "units": tuple(16 for _ in config.units),
        "embedding_dim": 16,
        "window": 5,
        "batch_size": 4,
        "max_tokens": 260,
        "output_precision": "float32",
    }
    return dataclasses.replace(config, **{**small, **changes})


@pytest.fixture(autouse=True)
def _no_deployment(request, monkeypatch):
    """Converting and timing take longer than all the rest."""
    if "deployed" not in request.keywords:
        monkeypatch.setattr(training, "measure_deployment", lambda *a: {"skipped": "test"})


DOPED = micro(
    "tiny_doped_kronecker_4x", dropout=(0.2, 0.2, 0.2), units=(16,), epochs=2, anneal=(0, 0.9)
)


@pytest.fixture(scope="module")
def dense_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("dense")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "measure_deployment", lambda *a: {"skipped": "test"})
        return out, training.train(micro(), out, verbose=0)


def _losses_by_hand(model, ids, first_id):
    """Of one pass over the whole text, in float64."""
    inputs = np.concatenate([[first_id], ids[:-1]])
    logits = to_numpy(model(inputs[None]))[0].astype(np.float64)
    own = logits[np.arange(len(ids)), ids]
    return np.log(np.exp(logits).sum(-1)) - own


def test_test_perplexity_is_that_of_the_text_in_one_piece(dense_run):
    out, result = dense_run
    corpus = training.load_corpus(micro(), None)
    model = keras.saving.load_model(out / "model.keras", compile=False)
    losses = _losses_by_hand(model, corpus.test, corpus.vocabulary.end_id)
    assert len(losses) == result["test_tokens"] == 260
    assert result["test_perplexity"] == pytest.approx(np.exp(losses.mean()), rel=1e-4)


def test_validation_perplexity_is_that_of_its_streams(dense_run):
    out, result = dense_run
    corpus = training.load_corpus(micro(), None)
    model = keras.saving.load_model(out / "model.keras", compile=False)
    before = np.concatenate([[corpus.vocabulary.end_id], corpus.valid[:-1]])
    total = 0
    for start in range(0, 260, 65):  # four streams
        piece = slice(start, start + 65)
        total += _losses_by_hand(model, corpus.valid[piece], before[start]).sum()
    expected = np.exp(total / 260)
    assert result["valid_perplexity"] == pytest.approx(expected, rel=1e-4)
    # The training saw the same, as nothing was of low precision.
    assert result["history"]["val_perplexity"][-1] == pytest.approx(expected, rel=1e-4)


def test_what_a_result_says(dense_run):
    out, result = dense_run
    assert json.loads((out / "result.json").read_text()) == json.loads(json.dumps(result))
    assert result["recurrent"]["parameters"] == 2 * (4 * 16 * 32 + 4 * 16)
    assert result["recurrent"]["compression"] == 1
    assert result["models"]["tiny"]["parameters"] == 60 * 16 + 16 * 60 + 60 + 4224
    assert result["history"]["epoch"] == [0, 1, 2]
    assert result["history"]["learning_rate"] == [5, 5, 2.5]
    assert 60 > result["history"]["perplexity"][0] > result["history"]["perplexity"][2]
    assert not list(out.glob(".backup"))


def test_a_first_step_is_that_of_the_summed_and_clipped_loss():
    config = micro(clip_norm=0.05, init_scale=0.3)
    corpus = training.load_corpus(config, None)
    model = training.loss_model(config, len(corpus.vocabulary), batch_size=4, window=5)
    training.compile_for_losses(model, config)
    before = [to_numpy(w).astype(np.float64) for w in model.trainable_weights]
    batch = training.TokenStreams(corpus.train, window=5, batch_size=4, first_id=1)[0]
    model.train_on_batch(list(batch[0]), batch[1])
    moved = [b - to_numpy(w) for b, w in zip(before, model.trainable_weights, strict=True)]
    # At a rate of 1 the weights move by the clipped gradient.
    assert np.sqrt(sum((m**2).sum() for m in moved)) == pytest.approx(0.05, rel=1e-3)


@pytest.fixture(scope="module")
def doped_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("doped")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "measure_deployment", lambda *a: {"skipped": "test"})
        return out, training.train(DOPED, out, verbose=0)


def test_doped_row_is_of_its_size(doped_run):
    out, result = doped_run
    sizes = result["recurrent"]
    assert sizes["dense_parameters"] == 2112
    assert 4 <= sizes["compression"] < 4.05
    model = keras.saving.load_model(out / "model.keras", compile=False)
    kept = index = 0
    for part in structures.find_structures(model, structures.Sparse):
        entries = np.count_nonzero(to_numpy(part.to_dense()))
        kept += entries
        index += entries + 17  # one byte a column of 32, one an offset of 16 rows
    factors = sum(
        int(np.prod(w.shape))
        for s in structures.find_structures(model, structures.Kronecker)
        for w in s.weights
    )
    assert sizes["parameters"] == kept + factors + 64
    assert sizes["index_bytes"] == index
    expected = 4 * 2112 / (4 * sizes["parameters"] + index)
    assert sizes["compression_with_indices"] == pytest.approx(expected)
    sparsity = result["history"]["sparsity"]
    assert sparsity[0] < sparsity[-1] == pytest.approx(1 - kept / (4 * 512))


@pytest.mark.slow
def test_a_killed_run_goes_on_to_the_same_weights(doped_run, tmp_path, kill):
    out, result = doped_run

    def run():
        return training.train(DOPED, tmp_path, verbose=0)

    kill(training, run, epoch=1, batch=7)
    assert not (tmp_path / "result.json").exists()
    resumed = run()
    whole, other = (
        keras.saving.load_model(folder / "model.keras", compile=False) for folder in (out, tmp_path)
    )
    for expected, found in zip(whole.weights, other.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(found), to_numpy(expected))
    for key in ("perplexity", "val_perplexity", "sparsity"):
        assert resumed["history"][key] == result["history"][key]


AVERAGED = micro(
    "ptb_awd",
    corpus="dialogues",
    is_tied=True,
    units=(16,),
    learning_rate=5.0,
    patience=1,
    precision="float32",
    epochs=6,
    clip_norm=5.0,
)


@pytest.mark.slow  # test_non_monotonic_averaging.py has when it starts
def test_averages_are_those_of_the_weights_and_survive_a_stop(tmp_path, kill):
    whole = training.train(AVERAGED, tmp_path / "whole", verbose=0)
    perplexities = whole["history"]["val_perplexity"]
    # The rate is far too high: the validation gets worse, and the averages are better.
    begun = next(e for e in range(2, 6) if perplexities[e] > min(perplexities[: e - 1]))
    assert begun < 4
    out = tmp_path / "resumed"
    kill(training, lambda: training.train(AVERAGED, out, verbose=0), epoch=begun + 2, batch=3)
    resumed = training.train(AVERAGED, out, verbose=0)
    assert resumed["history"]["val_perplexity"] == perplexities
    assert resumed["test_perplexity"] == whole["test_perplexity"]


def test_a_highway_row_trains_and_is_doped(tmp_path):
    config = micro("ptb_rhn_small_doped_kronecker_3x", corpus="dialogues", depth=2, epochs=2)
    result = training.train(config, tmp_path, verbose=0)
    assert result["recurrent"]["dense_parameters"] == 2 * 16 * (16 + 2 * 16 + 2)
    assert 2.5 < result["recurrent"]["compression"] < 3.6
    perplexities = result["history"]["perplexity"]
    assert perplexities[1] < perplexities[0]


def test_a_row_learns_from_the_dense_run(dense_run, tmp_path):
    folder, dense = dense_run
    config = micro("tiny_low_rank_2x_taught1.0", epochs=2)
    with pytest.raises(ValueError, match="needs a trained dense model; received no folder"):
        training.train(config, tmp_path / "none", verbose=0)
    found = training.train(config, tmp_path / "taught", start=folder, verbose=0)
    # The loss is the distance to the dense run's words, which those of chance have of ln 60.
    losses = found["history"]["loss"]
    assert losses[1] < losses[0] < np.log(60)
    # What validates is the likelihood of the words: not better than the dense run's by a distance.
    assert found["valid_perplexity"] > 0.8 * dense["valid_perplexity"]
    model = keras.saving.load_model(tmp_path / "taught" / "model.keras", compile=False)
    assert [layer.name for layer in model.layers if "teacher" in layer.name] == []


def test_the_teacher_carries_states_that_are_reset(dense_run):
    folder, _ = dense_run
    config = micro("tiny_low_rank_2x_taught0.5")
    model = training.loss_model(config, 60, batch_size=4, window=5)
    dense = keras.saving.load_model(folder / "model.keras", compile=False)
    teacher = model.get_layer("teacher")
    training.copy_weights(dense, teacher)
    ids = np.random.default_rng(0).integers(0, 60, (4, 10))
    parts = [to_numpy(teacher(ids[:, :5])), to_numpy(teacher(ids[:, 5:]))]
    np.testing.assert_allclose(np.concatenate(parts, 1), to_numpy(dense(ids)), atol=1e-5)
    training.reset_states(model)
    np.testing.assert_allclose(to_numpy(teacher(ids[:, :5])), parts[0], atol=1e-6)


def test_a_finished_run_is_not_trained_again(dense_run):
    out, result = dense_run
    stamp = (out / "model.keras").stat().st_mtime_ns
    again = training.train(micro(), out, verbose=0)
    assert again == json.loads(json.dumps(result))
    assert (out / "model.keras").stat().st_mtime_ns == stamp


def test_other_settings_and_missing_text_leave_folders_alone(dense_run, tmp_path):
    with pytest.raises(ValueError, match="another seed"):
        training.train(micro(seed=2), dense_run[0], verbose=0)
    with pytest.raises(ValueError, match="does not come with the package"):
        training.train(micro(corpus="ptb"), tmp_path / "x", verbose=0)
    with pytest.raises(FileNotFoundError, match=r"ptb\.train\.txt"):
        training.train(micro(corpus="ptb"), tmp_path / "x", data=tmp_path / "y", verbose=0)
    assert not (tmp_path / "x").exists()


def test_rows_by_name_on_the_command_line(tmp_path, capsys):
    assert main(["train", "papers", "--list", "--json"]) == 0
    assert "ptb_small_doped_kronecker_20x" in json.loads(capsys.readouterr().out)["presets"]
    out = str(tmp_path / "x")
    assert main(["train", "papers/ptb_smal", "--out", out]) == 1
    assert "Did you mean 'ptb_small'?" in capsys.readouterr().err
    assert main(["train", "papers/ptb_small"]) == 1
    assert "Pass --out" in capsys.readouterr().err
    assert main(["train", "papers/ptb_small", "--out", out]) == 1
    assert "--data" in capsys.readouterr().err
    assert not (tmp_path / "x").exists()


def test_sparse_parts_share_their_entries(tmp_path):
    own, pooled = (
        training.train(micro(name, epochs=2), tmp_path / name, verbose=0)
        for name in ("tiny_pruned_4x", "tiny_pruned_4x_pooled")
    )
    assert pooled["recurrent"]["parameters"] == own["recurrent"]["parameters"]
    model = keras.saving.load_model(tmp_path / "tiny_pruned_4x_pooled/model.keras", compile=False)
    parts = structures.find_structures(model, structures.Sparse)
    assert len({part.kept_blocks for part in parts}) > 1
    assert all(part.is_at_target for part in parts)


UNITS = micro("tiny_units_2x", epochs=4, anneal=(0, 0.5))


@pytest.fixture(scope="module")
def units_run(tmp_path_factory):
    out = tmp_path_factory.mktemp("units")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "measure_deployment", lambda *a: {"skipped": "test"})
        return out, training.train(UNITS, out, verbose=0)


def test_a_row_with_fewer_units_has_the_numbers_of_the_small_dense_row(units_run):
    out, result = units_run
    # `units` units in each layer: 4 units (16 + units + 1) + 4 units (2 units + 1), at most half
    units, _ = narrowed(UNITS).units
    assert 4 * units * (16 + units + 1) + 4 * units * (2 * units + 1) <= 4224 / 2
    wanted = 60 * 16 + 60 * units + 60 + 4 * units * (16 + units + 1 + 2 * units + 1)
    parameters = result["models"]["tiny_units_2x"]["parameters"]
    assert 0.9 * wanted < parameters <= wanted
    model = keras.saving.load_model(out / "model.keras", compile=False)
    assert model.count_params() == parameters
    assert all(
        type(layer).__module__.split(".")[0] in ("keras", "lrkeras") for layer in model.layers
    )
    kept = result["history"]["kept_params"]
    assert kept[0] > kept[1] == kept[2] == kept[3] == parameters
    recurrent = sum(layer.count_params() for layer in model.layers if "recurrent" in layer.name)
    assert result["recurrent"]["parameters"] == recurrent
    assert result["recurrent"]["compression"] == pytest.approx(4224 / recurrent)


def test_the_perplexity_of_a_row_with_fewer_units_is_that_of_its_file(units_run):
    out, result = units_run
    corpus = training.load_corpus(UNITS, None)
    model = keras.saving.load_model(out / "model.keras", compile=False)
    losses = _losses_by_hand(model, corpus.test, corpus.vocabulary.end_id)
    assert result["test_perplexity"] == pytest.approx(np.exp(losses.mean()), rel=1e-4)
    # The training saw the wide model with zeros: the same function.
    expected = result["history"]["val_perplexity"][-1]
    assert result["valid_perplexity"] == pytest.approx(expected, rel=1e-4)


def test_a_killed_run_with_fewer_units_goes_on_to_the_same_weights(units_run, tmp_path, kill):
    out, result = units_run
    kill(training, lambda: training.train(UNITS, tmp_path, verbose=0), epoch=1, batch=7)
    resumed = training.train(UNITS, tmp_path, verbose=0)
    whole, other = (
        keras.saving.load_model(folder / "model.keras", compile=False) for folder in (out, tmp_path)
    )
    for expected, found in zip(whole.weights, other.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(found), to_numpy(expected))
    assert resumed["history"]["kept_params"] == result["history"]["kept_params"]


def test_units_of_a_tied_table_go_with_those_of_the_last_layer(tmp_path):
    config = dataclasses.replace(UNITS, is_tied=True)
    training.train(config, tmp_path, verbose=0)
    model = keras.saving.load_model(tmp_path / "model.keras", compile=False)
    widths = [layer.cell.units for layer in training.recurrent_layers_of(model)]
    assert widths[-1] == model.get_layer("words").output_dim < 16
