import csv
import dataclasses
import json

import keras
import numpy as np
import pytest
import scipy.special
import speech_rows
from load_tool import load_tool

from lrkeras.datasets import speech_commands as corpus
from lrkeras.datasets.wav import write_wav
from lrkeras.export import StepRunner
from lrkeras.models import registry
from lrkeras.tasks.speech_commands import PRESETS, build_network, plots, with_front_end
from lrkeras.tasks.speech_commands import leave_one_out as module
from lrkeras.tasks.speech_commands.corpus import load_clips
from lrkeras.tasks.speech_commands.file_evaluation import FileEvaluation
from lrkeras.tasks.speech_commands.front_end import log_mel
from lrkeras.tasks.speech_commands.labels import LABELS
from lrkeras.tasks.speech_commands.speaker_bootstrap import SpeakerBootstrap


@pytest.fixture
def data(tmp_path):
    """A corpus of the embedded words, with every one of the six speakers of digits."""
    folder = tmp_path / "data"
    (folder / "speech-commands-test" / "wav" / "words").mkdir(parents=True)
    (folder / "fsdd" / "recordings").mkdir(parents=True)
    with (folder / "speech-commands-test" / "index.tsv").open("w", newline="") as stream:
        table = csv.writer(stream, delimiter="\t")
        table.writerow(("file", "class", "word", "speaker", "suggested_split"))
        for split in ("train", "valid", "test"):
            for clip in corpus.load_data(split):
                name = f"words/{clip.name}"
                if clip.word not in corpus.DIGITS:
                    kind = "_silence_" if clip.is_noise else clip.word or "_unknown_"
                    table.writerow((name, kind, clip.word, clip.speaker, split))
                    write_wav(folder / "speech-commands-test" / "wav" / name, clip.samples)
    for number, speaker in enumerate(corpus.FSDD_SPEAKERS):
        clip = next(c for c in corpus.load_data("test") if c.word == corpus.DIGITS[number])
        write_wav(
            folder / "fsdd" / "recordings" / f"{number}_{speaker}_7.wav", clip.samples[::2], 8000
        )
    return folder


def test_each_speaker_is_tested_by_a_model_that_did_not_hear_him(data, tmp_path, monkeypatch):
    heard = {}

    def train(config, out, *, data, verbose):
        """Leaves a model that says the digit of a speaker it did not hear, of the first three."""
        assert config.models == ("dense",)
        number = corpus.FSDD_SPEAKERS.index(config.held_out)
        heard[config.held_out] = {c.speaker for c in load_clips(config, "train", data)}
        network = build_network(dataclasses.replace(config, units=4, num_layers=1), "dense")
        bias = np.zeros(len(LABELS) + 1)
        bias[0], bias[LABELS.index(corpus.DIGITS[number % 3]) + 1] = 5, 4
        network.get_layer("logits").kernel.assign(np.zeros((4, 22)))
        network.get_layer("logits").bias.assign(bias)
        out.mkdir(parents=True)
        with_front_end(network).save(out / "dense.keras")

    monkeypatch.setattr(module, "train", train)
    some = corpus.FSDD_SPEAKERS[1:4:2]
    monkeypatch.setattr(module, "FSDD_SPEAKERS", some)
    found = module.leave_one_out(PRESETS["leave_one_out"], tmp_path / "runs", data=data)
    assert found == dict(zip(some, [1, 0], strict=True))
    for speaker, speakers in heard.items():
        assert set(corpus.FSDD_SPEAKERS) - speakers == {speaker}


def test_figures_are_drawn(tmp_path):
    history = {"epoch": [0, 1], "loss": [3.0, 2.0], "val_accuracy": [0.1, 0.5]}
    plots.learning_curves({"dense": history, "small_dense": history}, tmp_path / "curves.png")
    score = {"bytes": 9000, "accuracy": {"mean": 0.9, "low": 0.85, "high": 0.92}}
    both = {"dense": {**score, "warm_us": 9.0, "cold_us": 20.0}, "small_dense": score}
    plots.quality(both, tmp_path / "quality.png")
    plots.quality({"dense": score}, tmp_path / "bytes.png")
    for file in tmp_path.iterdir():
        assert file.read_bytes().startswith(b"\x89PNG")


@pytest.mark.slow  # scores of other seeds are below
def test_the_seed_that_hears_most_is_shipped_with_a_card(data, tmp_path, monkeypatch):
    monkeypatch.setattr(speech_rows, "STRINGS", 4)
    folders = {name: tmp_path / name for name in ("models", "released", "results")}
    for folder in (*folders.values(), folders["results"] / "data"):
        folder.mkdir(exist_ok=True)
    (folders["models"] / "speech_commands_small_dense.tflite").touch()  # of an older training
    runs = [seed_run(tmp_path / f"run{seed}", seed, heard) for seed, heard in ((2, 0.5), (3, 0.4))]
    options = [f"--data={data}", f"--results={folders['results']}", "--seeds", *map(str, runs)]
    assert load_tool("evaluate_speech_commands").main(options) == 0
    places = [f"--{name}={folders[name]}" for name in ("models", "released")]
    assert load_tool("ship_speech_models").main([*options, *places]) == 0
    name = "speech_commands_small_dense"
    assert registry.names(folders["models"]) == [name]
    files = {file.name for file in folders["models"].iterdir()}
    listed = {f"{name}.keras", f"{name}_int4.tflite", f"{name}.md"}
    assert files == {*listed, "speech_front_end.tflite", "models.json"}
    assert registry.model_file(name, folder=folders["models"]).name == f"{name}_int4.tflite"
    text = registry.model_file(name, "card", folders["models"]).read_text()
    results = json.loads((folders["results"] / "data" / "speech_commands.json").read_text())
    row = results["over_seeds"]["rows"]["small_dense"]
    assert f"{row['accuracy']['by_seed']['2']:.1%}" in text and "{" not in text
    assert "seed 2: of 2" in text
    model = keras.saving.load_model(runs[0] / "small_dense.keras", compile=False)
    kept = registry.load(name, folders["models"])
    for found, expected in zip(kept.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(found, expected)
    file = registry.model_file(name, "float32", folders["released"])
    metadata = StepRunner(file).metadata
    assert (metadata["name"], metadata["blank"], metadata["sample_rate"]) == (name, 0, 16_000)
    # The score of a clip, from Keras and the definition of CTC's forward sum.
    right = 0
    config = dataclasses.replace(PRESETS["tiny"], corpus="full")
    clips = [c for c in load_clips(config, "test", data) if "/" in c.name]
    for clip in clips:
        samples = np.zeros((1, 16_000 + 16 * 320), "float32")
        samples[0, : len(clip.samples[:16_000])] = clip.samples[:16_000]
        steps = scipy.special.log_softmax(np.asarray(model(samples)), axis=-1)
        targets = np.arange(1, 22)[:, None]
        words = -np.asarray(keras.losses.ctc(targets, np.repeat(steps, 21, axis=0)))
        classes = [*words[:10], scipy.special.logsumexp(words[10:]), steps[0, :, 0].sum()]
        names = [*corpus.COMMANDS, "_unknown_", "_silence_"]
        said = "_silence_" if clip.is_noise else clip.word
        right += names[int(np.argmax(classes))] == (said if said in names else "_unknown_")
    assert FileEvaluation(file).accuracy(clips) == pytest.approx(right / len(clips))
    check_front_end(folders["models"])


def check_front_end(folder):
    """The file of the front end alone is the front end: log-mels of NumPy."""
    runner = StepRunner(registry.model_file("speech_front_end", "float32", folder))
    assert runner.metadata["task"] == "speech_front_end"
    assert (runner.metadata["sample_rate"], runner.metadata["samples_per_step"]) == (16_000, 320)
    samples = np.random.default_rng(0).normal(size=(1, 5 * 320)).astype("float32") * 0.1
    found = [np.asarray(runner.step(hop)).ravel() for hop in samples.reshape(5, 1, 320)]
    np.testing.assert_allclose(found, log_mel(samples)[0], atol=1e-3)  # decibels


def test_the_embedded_clips_are_built_again_from_the_corpora(data, tmp_path):
    tool = load_tool("build_speech_data")
    tool.SPLITS = {"train": ("george", 0), "test": ("theo", 2)}
    for number in (0, 1):  # theo says the first two digits
        source = data / "fsdd" / "recordings" / "0_george_7.wav"
        (data / "fsdd" / "recordings" / f"{number}_theo_7.wav").write_bytes(source.read_bytes())
    assert tool.main([f"--data={data}", f"--out={tmp_path / 'out'}"]) == 0
    train, test = (corpus.load_speech_commands(tmp_path / "out", s) for s in ("train", "test"))
    assert {clip.word for clip in train} == {"marvin", ""}
    assert {clip.word for clip in test} == {"yes", "no", "zero", "one", ""}
    original = {clip.speaker: clip for clip in corpus.load_data("test")}
    for clip in test:
        if clip.word in ("yes", "no"):  # cut already: what is left is inside of it
            joined = original[clip.speaker].samples
            assert len(clip.samples) <= len(joined)
            np.testing.assert_allclose(
                np.abs(clip.samples).max(), np.abs(joined).max(), atol=1 / 32768
            )


def test_leaving_speakers_out_is_added_to_the_numbers_that_are_there(data, tmp_path, monkeypatch):
    tool = load_tool("evaluate_speech_commands")
    found = {speaker: 0.5 + 0.05 * n for n, speaker in enumerate(corpus.FSDD_SPEAKERS)}
    monkeypatch.setattr(module, "leave_one_out", lambda *_, **__: found)
    file = tmp_path / "data" / "speech_commands.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text('{"models": {"dense": 1}}')
    options = [f"--data={data}", f"--results={tmp_path}"]
    with pytest.raises(SystemExit):
        tool.main(options)
    assert json.loads(file.read_text()) == {"models": {"dense": 1}}
    assert tool.main([*options, f"--leave-one-out={tmp_path}"]) == 0
    results = json.loads(file.read_text())
    assert results["models"] == {"dense": 1}
    assert results["leave_one_out"]["accuracy"] == found
    assert results["leave_one_out"]["mean"] == pytest.approx(0.625)


def seed_run(folder, seed, heard=0.25):
    """A training of the small dense model that was left with some weights."""
    config = dataclasses.replace(
        PRESETS["tiny"], corpus="full", models=("small_dense",), small_units=8, seed=seed
    )
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(dataclasses.asdict(config)))
    keras.utils.set_random_seed(seed)
    with_front_end(build_network(config, "small_dense")).save(folder / "small_dense.keras")
    (folder / "training.json").write_text(json.dumps({"models": {"small_dense": {}}}))
    columns = {"epoch": 0, "loss": 9.0, "val_accuracy": heard, "processor_seconds": 60.0}
    history = "\n".join(",".join(map(str, row)) for row in (columns, columns.values()))
    (folder / "small_dense.history.csv").write_text(f"{history}\n")
    return folder


@pytest.mark.slow  # the next test has the numbers
def test_seeds_are_put_together_with_intervals(data, tmp_path, monkeypatch):
    monkeypatch.setattr(speech_rows, "STRINGS", 4)
    tool = load_tool("evaluate_speech_commands")
    file = tmp_path / "data" / "speech_commands.json"
    file.parent.mkdir(exist_ok=True)
    file.write_text('{"models": {"dense": 1}}')
    runs = [str(seed_run(tmp_path / f"run{seed}", seed)) for seed in (2, 3)]
    options = [f"--data={data}", f"--results={tmp_path}", "--seeds", *runs]
    assert tool.main(options) == 0
    results = json.loads(file.read_text())
    assert results["models"] == {"dense": 1}
    found = results["over_seeds"]
    assert (found["seeds"], found["strings"]) == ([2, 3], 4)
    row, clips = found["rows"]["small_dense"], found["clips"]
    assert row["missing_seeds"] == [] and found["rows"]["dense"]["missing_seeds"] == [2, 3]
    assert row["quantize"] == "int4"
    score = row["accuracy"]
    # Of the trained weights: a share of the clips in each seed, and their mean.
    for value in score["by_seed"].values():
        assert round(value * clips, 6) % 1 == 0
    assert score["mean"] == pytest.approx(np.mean(list(score["by_seed"].values())))
    assert score["low"] <= score["mean"] <= score["high"]
    assert "over_dense" not in score  # there is no dense model in these runs
    assert row["valid_accuracy"] == {"2": 0.25, "3": 0.25} and row["minutes_of_a_core"] == 1
    false = row["false_words"]
    assert false["events"] == sum(false["by_seed"].values())
    assert false["low"] <= false["per_hour"] <= false["high"]
    # The most frequent class of the clips, counted by hand.
    said = [c for c in load_clips(PRESETS["tiny"], "test", None) if c.word not in corpus.DIGITS]
    names = ["silence" if c.is_noise else c.word for c in said]
    names = [n if n in (*corpus.COMMANDS, "silence") else "unknown" for n in names]
    most = max(names.count(name) for name in names)
    assert found["trivial"]["accuracy"] == pytest.approx(most / clips)
    assert (tmp_path / "speech_commands_training.png").read_bytes().startswith(b"\x89PNG")


def test_a_difference_to_dense_is_that_of_the_seeds_that_both_have():
    def one(hits):
        false = {"words": 2, "hours": 0.25}
        scores = {"accuracy": hits, "word_errors": [1 - hit for hit in hits]}
        found = {"bytes": 9, "digits": 0.5, "false_words": false, "latencies": [0.01], **scores}
        found["false_words_made_up"] = {"words": 1, "hours": 1.0}
        return {**found, "valid": 0.5, "quiet": {**found, "blank_bias": 0.5}}

    over = dict.fromkeys(("accuracy", "word_errors"), SpeakerBootstrap(["ann", "ann", "bob"]))
    row = {2: one([1.0, 0.0, 1.0]), 3: one([0.0, 0.0, 1.0])}
    found = speech_rows.over_seeds(row, {2: one([1.0, 1.0, 1.0]), 7: one([0.0, 0.0, 0.0])}, over)
    assert found["accuracy"]["mean"] == pytest.approx(1 / 2)
    assert found["accuracy"]["over_dense"]["seeds"] == [2]
    assert found["accuracy"]["over_dense"]["mean"] == pytest.approx(2 / 3 - 1)
    assert found["word_errors"]["over_dense"]["mean"] == pytest.approx(1 - 2 / 3)
    assert found["false_words"]["per_hour"] == pytest.approx(4 / 0.5)
    assert found["false_words_made_up"]["per_hour"] == pytest.approx(1)
    assert found["latency_ms"]["median"] == pytest.approx(10)


def test_made_up_noise_falls_by_none_three_and_six_decibels_an_octave():
    clips = speech_rows.made_up_noise()
    assert sum(len(clip.samples) for clip in clips) == 7 * 60 * 16_000
    for clip, decibels in zip(clips[:3], (0, -3, -6), strict=True):
        power = np.abs(np.fft.rfft(clip.samples)) ** 2  # bins of 0.1 Hz
        octaves = [np.mean(power[10 * f : 20 * f]) for f in (500, 1000, 2000)]
        np.testing.assert_allclose(np.diff(10 * np.log10(octaves)), decibels, atol=0.3)


def test_all_models_of_a_seed_learn_from_its_dense_one(data, tmp_path, monkeypatch):
    from lrkeras.tasks.speech_commands import training

    tool, seen = load_tool("train_speech_seeds"), []
    accuracies = {0.5: 0.3, 0.8: 0.5, 0.9: 0.6, 0.98: 0.7}

    def train(config, out, *, data, verbose=1):
        out.mkdir(parents=True, exist_ok=True)
        seen.append((out.relative_to(tmp_path).as_posix(), config.models, config.epochs))
        if config.models == ("dense",):
            for name in ("dense.history.csv", "dense.keras"):
                (out / name).write_text(f"{name} of {config.seed}")
        else:
            assert (out / "dense.keras").read_text().endswith(f" of {config.seed}")
        if config.models != ("dense",) and config.epochs == PRESETS["all"].epochs:
            assert config.teacher_weight == 0.98  # the best on validation
        accuracy = accuracies[config.teacher_weight]
        return {"models": {name: {"valid_accuracy": accuracy} for name in config.models}}

    monkeypatch.setattr(training, "train", train)
    options = [f"--data={data}", f"--out={tmp_path}", "--models", "toeplitz_shared"]
    assert tool.main([*options, "--seeds", "5", "6"]) == 0
    short, one = tool.SHORT["epochs"], ("dense", "toeplitz_shared")
    tried = [(f"shares/{share}", ("dense", "small_dense"), short) for share in tool.SHARES]
    assert seen == [
        ("dense/seed5", ("dense",), 40),
        *tried,
        *[("seed5", one, 40)] * 2,
        ("dense/seed6", ("dense",), 40),
        *[("seed6", one, 40)] * 2,
    ]
    with pytest.raises(SystemExit):
        tool.main([*options, "small_one"])


def test_what_is_missing_is_told_in_a_line_before_anything_is_done(data, tmp_path):
    """No clip is scored, trained on or deleted first."""
    index = data / "speech-commands-test" / "index.tsv"
    kept, out = index.read_bytes(), tmp_path / "out"
    (out / "wav").mkdir(parents=True)
    (out / "wav" / "old.wav").touch()
    run = seed_run(tmp_path / "run", 1)
    index.unlink()
    wanted = {
        "evaluate_speech_commands": [f"--seeds={run}", f"--results={tmp_path}"],
        "ship_speech_models": [f"--seeds={run}", f"--results={tmp_path}"],
        "build_speech_data": [f"--out={out}"],
        "train_speech_seeds": [f"--out={tmp_path / 'seeds'}"],
    }
    for name, options in wanted.items():
        with pytest.raises(
            SystemExit, match=r"^error: expected \S+index\.tsv; .*--data"
        ) as stopped:
            load_tool(name).main([f"--data={data}", *options])
        assert "\n" not in str(stopped.value.code)
    assert (out / "wav" / "old.wav").exists() and not (tmp_path / "seeds").exists()
    index.write_bytes(kept)
    seeds, results = f"--seeds={run}", f"--results={tmp_path}"
    for name, options, missing in (
        (
            "evaluate_speech_commands",
            [f"--seeds={tmp_path / 'none'}", results],
            r"none/config\.json",
        ),
        ("evaluate_speech_commands", [seeds, f"{results}/none"], "no folder .*none"),
        ("ship_speech_models", [seeds, results], "Score the trainings first"),
    ):
        with pytest.raises(SystemExit, match=missing):
            load_tool(name).main([f"--data={data}", *options])


def test_files_are_left_where_they_belong():
    assert load_tool("build_speech_data").OUT.joinpath("index.tsv").is_file()
    assert load_tool("evaluate_speech_commands").ROOT.joinpath("pyproject.toml").is_file()
