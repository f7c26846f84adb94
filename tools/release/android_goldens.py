"""Chooses the models of the Android app, and writes what Python gives for them.

`python tools/release/android_goldens.py`, whenever the shipped models have changed. It leaves the
files of `lrkeras/models` and `tools/release/models` that the app takes, the best of a task first,
and their cards, in android_demo/models.txt, and in android_demo/goldens what Kotlin and arm64 are held to: for each model (and those of the app's
tests) the outputs of `lrkeras.export.StepRunner` over a dozen words or a recording; what `keyboard_goldens.py`
says of the keyboard, with a float32 model, whose ranks are the same on every machine; how Python cuts
texts into tokens; and the ids that Keras's layers of text give.
"""

import json
import pathlib
import sys
import wave

import keras
import numpy as np
from keyboard_goldens import TEXTS, personal_words, suggestions

from lrkeras.datasets.keyboard_text import tokenize
from lrkeras.export import StepRunner
from lrkeras.export.cutting.text_layers import ids_of, settings_of
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.export.tflite.runtime_version import minimum_runtime

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = (ROOT / "lrkeras" / "models", ROOT / "tools" / "release" / "models")
RESULTS = ROOT / "docs" / "results" / "data"
DEMO = ROOT / "android_demo"
TEST_MODELS = DEMO / "app" / "src" / "test" / "resources" / "models"
CLIPS = DEMO / "app" / "src" / "main" / "assets" / "clips"
# What an APK of 20,000,000 bytes has left beside its libraries (10,192,980), recordings and classes.
MOST_BYTES = 9_000_000
APP_RUNTIME = (2, 16)
# Hops of silence after a recording: its last word comes with the delay of the model.
SILENCE = 20
# What docs/results/words.md shows of the texts that models were measured on.
MEASURED_TEXTS = ("sms_test", "dialogues", "articles")
# Outputs that are kept of a step, evenly from the first to the last one.
KEPT = 24


def text_ids() -> list[dict]:
    """What Keras's layers of text give, with the settings that a file has in their place."""
    words = [
        "i",
        "like",
        "tickets",
        "its",
        "größe",
        "étÉ",
        "日本語のテキスト",
        "ok",
        "e",
        "t",
        "日",
    ]
    kinds = keras.layers.TextVectorization, keras.layers.StringLookup, keras.layers.IntegerLookup
    texts = [
        {},
        {"standardize": None},
        {"standardize": "lower", "output_sequence_length": 4},
        {"standardize": "strip_punctuation", "split": "character"},
        {"split": "character", "output_sequence_length": 6},
        {"split": None},
    ]
    layers = [(kinds[0](vocabulary=words, **one), TEXTS) for one in texts]
    lookups = ({}, {"mask_token": ""})
    layers += [(kinds[1](vocabulary=words, **one), [*words, *TEXTS]) for one in lookups]
    layers.append((kinds[2](vocabulary=[7, 9], mask_token=0), [0, 7, 8, 9, -1]))
    return [
        {
            "settings": settings_of(layer),
            "cases": [{"text": one, "ids": ids_of(layer, [one]).ravel().tolist()} for one in given],
        }
        for layer, given in layers
    ]


def chosen(*folders: pathlib.Path) -> list[pathlib.Path]:
    """The models that the app takes, as many as an APK has room for.

    The front end of speech, and then the quantised files that its runtime reads: the folders one
    after the other, the smallest first in each. What is float32 otherwise takes the room of three
    that are not.

    Args:
        folders: Where the models are, the most wanted first.

    Returns:
        The files by task, in each those that were measured, the best first, and then the others.
    """

    def ordered(folder: pathlib.Path) -> list[pathlib.Path]:
        return sorted(folder.glob("*.tflite"), key=lambda file: (file.stat().st_size, file.name))

    files = [file for folder in folders for file in ordered(folder)]
    said = {file: StepRunner(file).metadata for file in files}
    first = [file for file in files if said[file]["task"] == "speech_front_end"]
    wanted = [file for file in files if read_by_the_app(file)]
    quantised = [file for file in wanted if said[file]["quantize"]]
    found, left = [], MOST_BYTES
    for file in [*first, *quantised]:
        if file.stat().st_size <= left:
            found.append(file)
            left -= file.stat().st_size
    scores = measured()
    return sorted(
        found, key=lambda file: (said[file]["task"], -scores.get(file.name, 0), file.name)
    )


def read_by_the_app(file: pathlib.Path) -> bool:
    """Whether the runtime that the app ships knows all operators of a file."""
    least = minimum_runtime(ModelFile(file.read_bytes())) or "1.5.0"
    return tuple(map(int, least.split(".")[:2])) <= APP_RUNTIME


def measured() -> dict[str, float]:
    """How good files are, by the tables of docs/results: recall of words, accuracy of commands."""

    def read(name: str) -> dict:
        return json.loads((RESULTS / f"{name}.json").read_text(encoding="utf-8"))

    def recall(quality: dict) -> float:
        return float(np.mean([quality[text]["top3"] for text in MEASURED_TEXTS]))

    words = {
        f"{name}.tflite": recall(one["quality"])
        for name, one in read("word_prediction")["models"].items()
    }
    speech = read("speech_commands")["over_seeds"]["rows"]
    return words | {
        f"speech_commands_{name}_{one['quantize']}.tflite": one["accuracy"]["mean"]
        for name, one in speech.items()
        if "accuracy" in one
    }


def cards(files: list[pathlib.Path]) -> list[pathlib.Path]:
    """The cards that there are of some models, each once."""
    found = {file.with_name(f"{StepRunner(file).metadata['name']}.md") for file in files}
    return sorted(file for file in found if file.exists())


def golden(path: pathlib.Path, clips: pathlib.Path) -> dict:
    """What a model gives for an input that fits it."""
    runner = StepRunner(path)
    inputs, source = _inputs(runner.metadata, clips)
    outputs = np.array([runner.step(one).ravel() for one in inputs], np.float64)
    kept = sorted({int(place) for place in np.linspace(0, outputs.shape[1] - 1, KEPT)})
    return {
        "model": path.name,
        "task": runner.metadata["task"],
        "quantize": runner.metadata["quantize"],
        **source,
        "width": outputs.shape[1],
        "kept": kept,
        "best": [int(np.argmax(row)) for row in outputs],
        "outputs": [[round(float(row[place]), 6) for place in kept] for row in outputs],
    }


def _inputs(metadata: dict, clips: pathlib.Path) -> tuple[list[np.ndarray], dict]:
    if metadata["task"] == "word_prediction":
        count = len(metadata["vocabulary"])
        ids = [int(one) for one in np.random.default_rng(0).integers(0, count, 12)]
        return [np.array([[one]], "int32") for one in ids], {"tokens": ids}
    clip = min(clips.glob("*.wav"))
    with wave.open(str(clip)) as sound:
        samples = np.frombuffer(sound.readframes(sound.getnframes()), "<i2") / np.float32(32768)
    size = metadata["samples_per_step"]
    hops = samples[: len(samples) // size * size].reshape(-1, 1, size).astype("float32")
    silent = [np.zeros((1, size), "float32")] * SILENCE
    return [*hops, *silent], {"clip": clip.name, "silence": SILENCE}


def main() -> int:
    """Writes the list of models, a file for each of them and one of tokens."""
    files = chosen(*MODELS)
    listed = [file.name for file in [*files, *cards(files)]]
    (DEMO / "models.txt").write_text("".join(f"{name}\n" for name in listed), encoding="utf-8")
    target = DEMO / "goldens"
    target.mkdir(exist_ok=True)
    for old in target.glob("*.json"):
        old.unlink()
    for path in [*files, *sorted(TEST_MODELS.glob("*.tflite"))]:
        _write(target / f"{path.stem}.json", golden(path, CLIPS))
        metadata = StepRunner(path).metadata
        if metadata["task"] == "word_prediction" and metadata["quantize"] is None:
            _write(target / f"{path.stem}.suggestions.json", suggestions(path))
    _write(target / "text_ids.json", text_ids())
    _write(target / "personal_words.json", personal_words())
    _write(target / "tokens.json", [{"text": text, "tokens": tokenize(text)} for text in TEXTS])
    return 0


def _write(file: pathlib.Path, content: object) -> None:
    file.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
