import dataclasses
import json
import shutil

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from tasks.one_trial import run_one_trial

from lrkeras import structures
from lrkeras.tasks import TASKS, word_prediction
from lrkeras.tasks.word_prediction.config import WordPredictionConfig

MICRO = WordPredictionConfig(
    num_words=50,
    units=32,
    embedding_dim=16,
    compression=4,
    window=8,
    batch_size=8,
    steps_per_epoch=6,
    epochs=3,
    warmup_steps=2,
    co_matrix_dropout=0.1,
    max_train_tokens=3000,
    max_valid_tokens=501,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("micro")
    return out, word_prediction.train(MICRO, out, verbose=0)


def test_every_preset_names_models_that_exist():
    assert TASKS["word_prediction"] is word_prediction
    for config in word_prediction.PRESETS.values():
        assert set(config.models) <= set(word_prediction.MODELS)
        assert 0 <= config.anneal[0] < config.anneal[1] < 1


def test_dense_model_has_the_parameters_of_the_formula():
    model = word_prediction.build_model(MICRO, "dense")
    table = 50 * 16
    lstm = 4 * 32 * (16 + 32) + 4 * 32
    projection = 32 * 16 + 16
    assert model.count_params() == table + lstm + projection
    assert word_prediction.count_parameters(model) == table + lstm + projection


def test_table_is_tied_to_the_output_layer():
    model = word_prediction.build_model(MICRO, "dense")
    tokens = np.array([[3, 4]])
    before = to_numpy(model(tokens))
    projection = model.get_layer("projection")
    projection.kernel.assign(np.zeros((32, 16)))
    projection.bias.assign(np.eye(16)[5])
    table = to_numpy(model.get_layer("words").embeddings)
    logits = to_numpy(model(tokens))
    np.testing.assert_allclose(logits, np.broadcast_to(table[:, 5], (1, 2, 50)), atol=1e-6)
    assert not np.allclose(before, logits)


def test_unknown_model_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'dense', 'doped_kronecker'.*received 'doped'"):
        word_prediction.build_model(MICRO, "doped")


@pytest.mark.slow  # `tests/tuning` has a trial of a small model
def test_the_trained_model_can_be_searched_from(trained, tmp_path):
    out, report = trained
    given = word_prediction.tunable(MICRO, out)
    assert given.train[0].shape == given.train[1].shape == (48, 8)
    # As the training scored it, but for the last windows, which it padded.
    scores = given.model.evaluate(*given.validation, verbose=0, return_dict=True)
    assert scores["perplexity"] == pytest.approx(
        report["models"]["dense"]["valid_perplexity"], rel=0.02
    )
    runner = run_one_trial(given, tmp_path / "x.tflite")
    assert (
        runner.metadata["vocabulary"]
        == json.loads((out / "metadata.json").read_text())["vocabulary"]
    )


def test_training_leaves_models_histories_and_settings(trained):
    out, report = trained
    assert json.loads((out / "training.json").read_text()) == report
    assert json.loads((out / "config.json").read_text())["units"] == 32
    assert len(json.loads((out / "metadata.json").read_text())["vocabulary"]) == 50
    assert report["train_tokens"] == 3000
    assert report["valid_tokens"] == 501
    for name in MICRO.models:
        history = word_prediction.read_history(out / f"{name}.history.csv")
        assert history["epoch"] == [0, 1, 2]
        assert json.loads((out / f"{name}.history.json").read_text()) == history
        assert report["models"][name]["valid_perplexity"] == history["val_perplexity"][-1]
    assert not list(out.glob(".*backup*"))


def test_perplexity_of_the_history_is_that_of_every_validation_token(trained):
    out, report = trained
    _, valid, vocabulary = word_prediction.load_corpus(MICRO)
    model = keras.saving.load_model(out / "dense.keras", compile=False)
    inputs = np.concatenate([[vocabulary.end_id], valid[:-1]])
    losses = []
    for start in range(0, len(valid), MICRO.window):
        piece = slice(start, start + MICRO.window)
        logits = to_numpy(model(inputs[None, piece]))[0].astype(np.float64)
        picked = logits[np.arange(len(logits)), valid[piece]]
        losses += list(np.log(np.exp(logits).sum(-1)) - picked)
    assert len(losses) == 501
    expected = np.exp(np.mean(losses))
    np.testing.assert_allclose(report["models"]["dense"]["valid_perplexity"], expected, rtol=1e-4)


def test_validation_perplexity_falls(trained):
    out, _ = trained
    for name in MICRO.models:
        perplexities = word_prediction.read_history(out / f"{name}.history.csv")["val_perplexity"]
        # 50 words, evenly likely, would give 50.
        assert 50 > perplexities[0] > perplexities[1] > perplexities[2]


def test_doped_model_is_at_its_target_before_the_last_epoch(trained):
    out, report = trained
    model = keras.saving.load_model(out / "doped_kronecker.keras", compile=False)
    parts = structures.find_structures(model, structures.Sparse)
    assert len(parts) == 4
    for part in parts:
        weights = to_numpy(part.to_dense())
        blocks = weights.T.reshape(-1, 16)
        # At least four times fewer numbers than the 48 x 32 matrix of a gate.
        assert np.any(blocks, axis=1).sum() * 16 <= 48 * 32 / 4
    sparsity = word_prediction.read_history(out / "doped_kronecker.history.csv")["sparsity"]
    assert sparsity[-2] == sparsity[-1] == report["models"]["doped_kronecker"]["final_sparsity"]
    lstm = model.get_layer("lstm_0")
    dense_size = 4 * 32 * 48 + 4 * 32
    outside = word_prediction.count_parameters(model) - 50 * 16 - 32 * 16 - 16
    # Compressed four times, to within a block of 16 for each of the four gates.
    assert abs(outside - dense_size / 4) <= 4 * 16
    assert lstm.cell.joint_structure is not None


def test_a_finished_model_is_not_trained_again(trained):
    out, report = trained
    stamp = (out / "dense.keras").stat().st_mtime_ns
    assert word_prediction.train(MICRO, out, verbose=0) == report
    assert (out / "dense.keras").stat().st_mtime_ns == stamp


def test_other_settings_do_not_touch_the_folder(trained):
    out, _ = trained
    with pytest.raises(ValueError, match="another units"):
        word_prediction.train(dataclasses.replace(MICRO, units=48), out, verbose=0)
    assert json.loads((out / "config.json").read_text())["units"] == 32


@pytest.mark.parametrize("data", [None, "nowhere"])
def test_without_its_corpus_a_run_leaves_no_folder(tmp_path, data):
    config = dataclasses.replace(MICRO, corpus="keyboard")
    with pytest.raises((ValueError, FileNotFoundError), match="older"):
        word_prediction.train(config, tmp_path / "run", data=data, verbose=0)
    assert not (tmp_path / "run").exists()


def test_a_killed_run_goes_on_to_the_same_result(trained, tmp_path, kill):
    out, _ = trained
    name = "doped_kronecker"  # has every state that a dense model has, and masks
    config = dataclasses.replace(MICRO, models=(name,))

    def train():
        word_prediction.train(config, tmp_path, verbose=0)

    kill(word_prediction.training, train, epoch=2, batch=3)
    assert not (tmp_path / f"{name}.keras").exists()
    word_prediction.train(config, tmp_path, verbose=0)
    whole, resumed = (
        keras.saving.load_model(folder / f"{name}.keras", compile=False)
        for folder in (out, tmp_path)
    )
    for expected, weight in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(to_numpy(weight), to_numpy(expected), rtol=1e-4, atol=1e-6)
    history = word_prediction.read_history(tmp_path / f"{name}.history.csv")
    assert history["epoch"] == [0, 1, 2]


def test_an_epoch_that_was_done_twice_is_in_the_history_once(tmp_path):
    file = tmp_path / "dense.history.csv"
    file.write_text("epoch,loss\n0,4.0\n1,3.0\n1,2.5\n2,2.0\n")
    assert word_prediction.read_history(file) == {"epoch": [0, 1, 2], "loss": [4, 2.5, 2]}


def test_corpora_from_folders(tmp_path):
    for split in ("train", "valid", "test"):
        (tmp_path / f"ptb.{split}.txt").write_text("a b\na c\n")
    config = dataclasses.replace(MICRO, corpus="ptb", max_train_tokens=4)
    train, valid, vocabulary = word_prediction.load_corpus(config, tmp_path)
    assert vocabulary.decode(train) == ["a", "b", "<eos>", "a"]
    assert len(valid) == 6
    with pytest.raises(ValueError, match="'ptb' does not come with the package"):
        word_prediction.load_corpus(config)
    with pytest.raises(ValueError, match="received 'news'"):
        word_prediction.load_corpus(dataclasses.replace(config, corpus="news"))


STUDENTS = dataclasses.replace(
    MICRO,
    num_layers=2,
    models=("dense", "doped_kronecker", "cifg"),
    gate_layout="stacked",
    block=(1, 4),
    epochs=1,
    teacher="dense",
    student_epochs=2,
    scratch_epochs=3,
    table_rank=8,
    cifg_units=12,
    cifg_dim=8,
    dropout=0.1,
    unknown_rate=0.1,
    precision="mixed_bfloat16",
)


@pytest.fixture(scope="module")
def taught(tmp_path_factory):
    out = tmp_path_factory.mktemp("students")
    return out, word_prediction.train(STUDENTS, out, verbose=0)


def test_students_are_smaller_and_not_far_from_the_teacher(taught):
    out, report = taught
    models = report["models"]
    # 12 units and a state of 8: three gates over 8 + 8 inputs, the projection and the table.
    assert models["cifg"]["parameters"] == 3 * 12 * (8 + 8 + 1) + 12 * 8 + 50 * 8
    assert models["doped_kronecker"]["parameters"] < models["dense"]["parameters"] / 2.5
    for name in STUDENTS.models:
        assert models[name]["valid_perplexity"] < 50
    epochs = {
        name: len(word_prediction.read_history(out / f"{name}.history.csv")["epoch"])
        for name in STUDENTS.models
    }
    # What starts from the teacher's weights needs the teacher's epochs no more.
    assert epochs == {"dense": 1, "doped_kronecker": 2, "cifg": 3}
    student = keras.saving.load_model(out / "doped_kronecker.keras", compile=False)
    assert all(p.is_at_target for p in structures.find_structures(student, structures.Sparse))


def test_what_was_trained_in_low_precision_computes_in_float32(taught):
    out, _ = taught
    assert keras.config.dtype_policy().name == "float32"
    for name in STUDENTS.models:
        model = keras.saving.load_model(out / f"{name}.keras", compile=False)
        assert {layer.compute_dtype for layer in model.layers} <= {"float32", "int32"}
    trained = word_prediction.build_model(STUDENTS, "dense", 50, precision="mixed_bfloat16")
    assert trained.get_layer("lstm_0").cell.compute_dtype == "bfloat16"
    assert trained.get_layer("lstm_0").cell.recurrent_kernel.dtype == "float32"


def test_student_starts_as_its_teacher_but_for_the_table(taught):
    out, _ = taught
    config = dataclasses.replace(STUDENTS, table_rank=16)  # full rank: the table is the teacher's
    teacher = keras.saving.load_model(out / "dense.keras", compile=False)
    student = word_prediction.build_model(config, "doped_kronecker", 50)
    word_prediction.inherit(student, teacher)
    tokens = np.arange(24).reshape(2, 12)
    np.testing.assert_allclose(to_numpy(student(tokens)), to_numpy(teacher(tokens)), atol=1e-4)


@pytest.mark.slow  # a run without a teacher is killed above
def test_student_that_is_killed_goes_on_to_the_same_result(taught, tmp_path, kill):
    out, _ = taught
    shutil.copy(out / "dense.keras", tmp_path)
    shutil.copy(out / "dense.history.csv", tmp_path)

    def train():
        word_prediction.train(STUDENTS, tmp_path, verbose=0)

    kill(word_prediction.training, train, epoch=1, batch=3)
    config = dataclasses.replace(STUDENTS, models=("dense", "doped_kronecker"))
    word_prediction.train(config, tmp_path, verbose=0)
    whole, resumed = (
        keras.saving.load_model(folder / "doped_kronecker.keras", compile=False)
        for folder in (out, tmp_path)
    )
    for expected, found in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_array_equal(to_numpy(found), to_numpy(expected))


def test_teacher_is_trained_first(tmp_path):
    config = dataclasses.replace(STUDENTS, models=("cifg", "dense"))
    with pytest.raises(ValueError, match="put it first"):
        word_prediction.train(config, tmp_path, verbose=0)
