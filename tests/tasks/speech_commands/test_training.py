import dataclasses
import json

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy
from scipy.special import log_softmax
from tasks.one_trial import run_one_trial

from lrkeras import layers, structures
from lrkeras.cli.main import main
from lrkeras.datasets import speech_commands as corpus
from lrkeras.datasets.wav import write_wav
from lrkeras.export import convert
from lrkeras.tasks import TASKS, speech_commands
from lrkeras.tasks.speech_commands import training
from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.config import PRESETS, SpeechCommandsConfig
from lrkeras.tasks.speech_commands.connected_strings import MAX_WORDS, ConnectedStrings
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.dense_start import dense_start
from lrkeras.tasks.speech_commands.front_end import log_mel
from lrkeras.tasks.speech_commands.model import build_network, network_of
from lrkeras.tasks.speech_commands.single_clips import SingleClips
from lrkeras.tasks.speech_commands.streaming_recogniser import StreamingRecogniser
from lrkeras.tasks.word_prediction import count_parameters, read_history

MICRO = SpeechCommandsConfig(
    corpus="embedded",
    models=("dense", "doped_kronecker"),
    units=16,
    num_layers=1,
    small_units=12,
    shared_units=(8, 16),
    cifg_units=(16, 8),
    compression=3,
    displacement_ranks=(2, 2),
    shared_rank=4,
    frames=40,
    batch_size=4,
    steps_per_epoch=3,
    epochs=2,
    ctc_epochs=1,
    warmup_steps=2,
    max_valid=6,
)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("micro")
    return out, speech_commands.train(MICRO, out, verbose=0)


def test_every_preset_trains_the_dense_model_first():
    assert TASKS["speech_commands"] is speech_commands
    assert {"tiny", "all", "dense", "toeplitz_shared", "doped_kronecker"} <= set(PRESETS)
    for config in PRESETS.values():
        assert config.models[0] == "dense"
        assert set(config.models) <= set(speech_commands.STRUCTURES)


@pytest.mark.slow
def test_the_trained_model_can_be_searched_from(trained, tmp_path):
    given = speech_commands.tunable(MICRO, trained[0])
    samples, outputs = given.train
    assert samples.shape == (12, 40 * 320) and outputs.shape == (12, MAX_WORDS + 40)
    assert np.abs(samples).max() <= 1 and np.ptp(samples, axis=1).min() > 0
    runner = run_one_trial(given, tmp_path / "x.tflite")
    assert runner.metadata["labels"] == given.metadata["labels"]


def dense_parameters(config, units):
    """Weights and biases of the LSTMs, scale and offset of each norm, and the output layer."""
    inputs = [80] + [units] * (config.num_layers - 1)
    lstm = sum(4 * units * (n + units + 1) for n in inputs)
    return lstm + 2 * 40 + config.num_layers * 2 * units + 22 * (units + 1)


@pytest.mark.parametrize(("name", "units"), [("dense", 160), ("small_dense", 88)])
def test_dense_models_have_the_parameters_of_the_formula(name, units):
    config = PRESETS["all"]
    network = build_network(config, name)
    assert count_parameters(network) == dense_parameters(config, units)


def test_the_papers_recipe_shares_a_factor_of_one_vector():
    config = PRESETS["all"]
    small = build_network(config, "toeplitz_shared")
    # By hand: 2 r n numbers in each of four Toeplitz-like matrices of side 128, for r of 16 and 24;
    # factors of 128 inputs; two matrices of 4 * 128 outputs in each of two layers.
    bottom, factors = 4 * 2 * 40 * 128, 28 * 3 * 128 + 4 * 28 * 512
    biases, norms = 4 * 3 * 128, 2 * (40 + 2 * 128)
    assert count_parameters(small) == bottom + factors + biases + norms + 22 * 129
    lower, upper = (small.get_layer(f"lstm_{n}").cell for n in (1, 2))
    shared = lower.recurrent_structure.projection
    assert shared is upper.kernel_structure.projection
    assert shared is not lower.kernel_structure.projection
    assert shared is not upper.recurrent_structure.projection
    # What the factor multiplies is the output itself: dropout alone stands between.
    assert read_by(small, "lstm_2") is small.get_layer("lstm_1").output
    assert read_by(small, "lstm_1") is small.get_layer("norm_0").output


def read_by(network, name):
    """The tensor that a layer reads, dropout taken off."""
    tensor = network.get_layer(name).input
    layer = tensor._keras_history.operation
    return layer.input if isinstance(layer, keras.layers.Dropout) else tensor


def test_a_projected_cell_passes_on_what_it_reads_itself():
    config = PRESETS["all"]
    network = build_network(config, "projected_cifg")
    lstm = sum(3 * 136 * (inputs + 64 + 1) + 136 * 64 for inputs in (80, 64, 64))
    assert count_parameters(network) == lstm + 2 * 40 + 2 * 64 + 22 * 65
    for upper, lower in (("lstm_2", "lstm_1"), ("lstm_1", "lstm_0")):
        assert read_by(network, upper) is network.get_layer(lower).output


def test_all_models_that_start_from_the_dense_one_train_alike():
    config = PRESETS["all"]
    assert config.stages_of("dense") == {"aligned": (0, 40, 3e-3), "ctc": (40, 54, 1.5e-3)}
    assert config.stages_of("projected_cifg") == config.stages_of("dense")
    others = [config.stages_of(n) for n in ("small_dense", "toeplitz_shared", "doped_kronecker")]
    assert others == [{"fitted": (0, 40, 1e-3), "rounded": (40, 54, 5e-4)}] * 3


@pytest.mark.parametrize("name", ["small_dense", "toeplitz_shared"])
def test_a_network_that_starts_from_a_dense_one_is_of_its_own_kind(name):
    """Of enough units and ranks it computes nearly the same, with as many numbers as it should."""
    sizes = {"num_layers": 3, "units": 16, "small_units": 15, "shared_units": (15, 15)}
    full = {"shared_rank": 15, "displacement_ranks": (6, 6)}
    config = dataclasses.replace(MICRO, **sizes, **full)
    keras.utils.set_random_seed(0)
    teacher = build_network(config, "dense")
    frames = ConnectedStrings(load_clips(MICRO, "train"), MICRO)[0][0]
    network, own = dense_start(config, name, teacher, frames), build_network(config, name)
    assert network.name == own.name == name
    assert [layer.name for layer in network.layers] == [layer.name for layer in own.layers]
    shapes = [sorted(tuple(w.shape) for w in m.weights) for m in (network, own)]
    assert shapes[0] == shapes[1]
    wanted, found, fresh = (to_numpy(m(frames)).ravel() for m in (teacher, network, own))
    assert np.corrcoef(wanted, found)[0, 1] > 0.8 > np.corrcoef(wanted, fresh)[0, 1]


def test_unknown_model_names_the_known_ones():
    with pytest.raises(ValueError, match=r"'dense', 'doped_kronecker'.*received 'doped'"):
        build_network(MICRO, "doped")


def test_training_leaves_models_histories_and_settings(trained):
    out, report = trained
    assert json.loads((out / "training.json").read_text()) == report
    assert json.loads((out / "config.json").read_text())["units"] == 16
    metadata = json.loads((out / "metadata.json").read_text())
    assert (len(metadata["labels"]), metadata["blank"], metadata["samples_per_step"]) == (
        21,
        0,
        320,
    )
    assert report["train_clips"] == len(corpus.load_data("train"))
    assert report["valid_clips"] == 6
    # Two epochs with frames and one with CTC alone.
    for name in MICRO.models:
        history = read_history(out / f"{name}.history.csv")
        assert history["epoch"] == [0, 1, 2]
        assert report["models"][name]["valid_accuracy"] == history["val_accuracy"][-1]
        assert report["models"][name]["seconds"] == pytest.approx(sum(history["seconds"]))
    assert not list(out.glob(".*backup*"))


def test_a_model_takes_raw_samples(trained):
    out, report = trained
    clips = load_clips(MICRO, "valid")[:6]
    model = keras.saving.load_model(out / "dense.keras", compile=False)
    assert any(isinstance(layer, layers.MelSpectrogram) for layer in model.layers)
    samples = SingleClips(clips).samples
    whole = to_numpy(model(samples))
    np.testing.assert_allclose(
        whole, to_numpy(network_of(model)(log_mel(samples))), atol=2e-3 * np.abs(whole).max()
    )
    assert count_parameters(model) == report["models"]["dense"]["parameters"]
    assert report["models"]["dense"]["parameters"] == dense_parameters(MICRO, 16)


def test_doped_model_is_at_its_target(trained):
    out, report = trained
    model = keras.saving.load_model(out / "doped_kronecker.keras", compile=False)
    parts = structures.find_structures(model, structures.Sparse)
    assert len(parts) == 4
    for part in parts:
        blocks = np.any(to_numpy(part.to_dense()).T.reshape(16, -1, 16), axis=2)
        assert blocks.sum() * 16 <= np.prod(part.shape) / 3
    assert 0.6 < report["models"]["doped_kronecker"]["final_sparsity"] < 1


@pytest.mark.parametrize("stage", ["fitted", "rounded"])
def test_a_student_learns_from_the_teacher_as_well(trained, stage):
    """Its loss is its own and, by the teacher's share, the mean distance of a frame's outputs."""
    out, _ = trained
    teacher = network_of(keras.saving.load_model(out / "dense.keras", compile=False))
    student = build_network(dataclasses.replace(MICRO, dropout=0.0), "small_dense")
    distiller = training._compiled(MICRO, "small_dense", stage, student, out)
    frames, targets = ConnectedStrings(load_clips(MICRO, "train"), MICRO)[0]
    expected, found = (log_softmax(to_numpy(m(frames)), -1) for m in (teacher, student))
    distance = np.mean(np.sum(np.exp(expected) * (expected - found), axis=-1))
    own = float(AlignedCTC(MAX_WORDS, 0.0)(targets, student(frames)))
    loss = distiller.evaluate(frames, targets, verbose=0, return_dict=True)["loss"]
    share = MICRO.teacher_weight
    assert 0 < share < 1
    assert loss == pytest.approx((1 - share) * own + share * distance, rel=1e-4)


def test_a_doped_student_starts_as_the_teacher_and_is_thinned_out(trained):
    out, report = trained
    clips = load_clips(MICRO, "train")
    strings = ConnectedStrings(clips, MICRO)
    frames = strings[0][0]
    teacher = network_of(keras.saving.load_model(out / "dense.keras", compile=False))
    student = training._start(MICRO, "doped_kronecker", "fitted", strings, out)
    np.testing.assert_allclose(to_numpy(student(frames)), to_numpy(teacher(frames)), atol=1e-4)
    sparsity = read_history(out / "doped_kronecker.history.csv")["sparsity"]
    assert 0 < sparsity[0] < sparsity[1] == sparsity[2]
    assert sparsity[2] == report["models"]["doped_kronecker"]["final_sparsity"]


@pytest.mark.parametrize(
    "name",
    [
        # On the way of the last one, with less on it.
        pytest.param("small_dense", marks=pytest.mark.slow),
        pytest.param("projected_cifg", marks=pytest.mark.slow),
        "toeplitz_shared",
    ],
)
def test_the_second_stage_rounds_to_four_bits_and_the_file_has_the_same_numbers(tmp_path, name):
    sizes = {"small_units": 20, "shared_units": (32, 32), "cifg_units": (32, 16), "shared_rank": 8}
    sizes["units"] = 36
    config = dataclasses.replace(MICRO, models=("dense", name), num_layers=2, **sizes)
    speech_commands.train(config, tmp_path, verbose=0)
    first, last = (
        network_of(keras.saving.load_model(tmp_path / f"{title}.keras", compile=False))
        for title in (f"{name}.{next(iter(config.stages_of(name)))}", name)
    )
    rounded = [
        weight
        for layer in last.layers
        for weight in layer.weights
        if weight.name in ("kernel", "recurrent_kernel", "right") and np.prod(weight.shape) >= 1024
    ]
    assert len(rounded) >= 2
    for weight in rounded:
        columns = to_numpy(weight)
        assert max(len(np.unique(np.round(column, 6))) for column in columns.T) <= 15
    assert max(len(np.unique(to_numpy(weight))) for weight in first.weights) > 100
    model = keras.saving.load_model(tmp_path / f"{name}.keras", compile=False)
    report = convert(model, tmp_path / "model.tflite", quantize="int4")
    # Rounding to four bits changes nothing that has four bits already.
    assert max(loss.relative for loss in report.rounding_loss) < 1e-5


def test_a_finished_model_is_not_trained_again(trained):
    out, report = trained
    stamp = (out / "dense.keras").stat().st_mtime_ns
    assert speech_commands.train(MICRO, out, verbose=0) == report
    assert (out / "dense.keras").stat().st_mtime_ns == stamp


def test_other_settings_do_not_touch_the_folder(trained):
    out, _ = trained
    with pytest.raises(ValueError, match="another units"):
        speech_commands.train(dataclasses.replace(MICRO, units=48), out, verbose=0)
    assert json.loads((out / "config.json").read_text())["units"] == 16


def test_students_need_the_dense_model(tmp_path):
    config = dataclasses.replace(MICRO, models=("small_dense",))
    with pytest.raises(ValueError, match="'dense' first"):
        speech_commands.train(config, tmp_path / "run")
    assert not (tmp_path / "run").exists()


@pytest.mark.slow  # the other tasks do it in every run, with the same callbacks
def test_a_killed_run_goes_on_to_the_same_result(trained, tmp_path, kill):
    out, _ = trained
    for file in out.glob("dense.*"):
        (tmp_path / file.name).write_bytes(file.read_bytes())

    def train():
        speech_commands.train(MICRO, tmp_path, verbose=0)

    kill(training, train, epoch=1, batch=1)
    assert not (tmp_path / "doped_kronecker.keras").exists()
    speech_commands.train(MICRO, tmp_path, verbose=0)
    whole, resumed = (
        keras.saving.load_model(folder / "doped_kronecker.keras", compile=False)
        for folder in (out, tmp_path)
    )
    for expected, weight in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(to_numpy(weight), to_numpy(expected), rtol=1e-4, atol=1e-6)


def test_the_papers_recipe_survives_saving_and_conversion(tmp_path):
    network = build_network(dataclasses.replace(MICRO, num_layers=2), "toeplitz_shared")
    model = speech_commands.with_front_end(network)
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    samples = np.random.default_rng(0).normal(size=(1, 3200)).astype("float32") / 10
    np.testing.assert_array_equal(to_numpy(model(samples)), to_numpy(again(samples)))
    convert(again, tmp_path / "model.tflite", quantize="int8", metadata=training.metadata())
    recogniser = StreamingRecogniser(tmp_path / "model.tflite")
    assert (recogniser.samples_per_step, recogniser.sample_rate) == (320, 16_000)


def test_corpora_from_folders(tmp_path):
    (tmp_path / "speech-commands-test" / "wav").mkdir(parents=True)
    (tmp_path / "speech-commands-test" / "index.tsv").write_text(
        "file\tclass\tword\tspeaker\tsuggested_split\na.wav\tyes\tyes\tann\ttest\n"
    )
    write_wav(tmp_path / "speech-commands-test" / "wav" / "a.wav", np.full(320, 0.5))
    (tmp_path / "fsdd" / "recordings").mkdir(parents=True)
    for speaker in corpus.FSDD_SPEAKERS:
        write_wav(tmp_path / "fsdd" / "recordings" / f"4_{speaker}_7.wav", np.full(80, 0.5), 8000)
    config = dataclasses.replace(MICRO, corpus="full", held_out="lucas")
    speakers = {
        split: {clip.speaker for clip in load_clips(config, split, tmp_path)}
        for split in ("train", "valid", "test")
    }
    assert speakers["test"] == {"ann", "lucas"}
    assert speakers["train"] == set(corpus.FSDD_SPEAKERS) - {"lucas"}
    assert speakers["valid"] == set()
    with pytest.raises(ValueError, match="does not come with the package"):
        load_clips(config, "train")
    with pytest.raises(ValueError, match="received 'alice'"):
        load_clips(dataclasses.replace(config, held_out="alice"), "train", tmp_path)
    with pytest.raises(ValueError, match="received 'radio'"):
        load_clips(dataclasses.replace(config, corpus="radio"), "train", tmp_path)


def test_command_line(trained, capsys, monkeypatch):
    out, report = trained
    monkeypatch.setitem(speech_commands.PRESETS, "micro", MICRO)
    arguments = ["train", "speech_commands", "--preset", "micro", "--out", str(out)]
    assert main(arguments) == 0
    shown = capsys.readouterr().out
    assert "valid accuracy" in shown and "6 validation clips" in shown
    assert f"{report['models']['dense']['parameters']:,}" in shown
    assert main([*arguments, "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["models"] == report["models"]
