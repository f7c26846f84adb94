# ruff: noqa: RUF001  (texts in other scripts, on purpose)
"""Writes what Python gives for the models of the Android app, for Kotlin and arm64 to be held to.

`python tools/android_goldens.py [MODELS] [OUT]`, by default the app's assets and
android_demo/goldens. For each model the outputs of `lrkeras.export.StepRunner` over a dozen words
or a recording; what the keyboard suggests with a float32 model, whose ranks are the same on every
machine; and how Python cuts texts into tokens.
"""

import json
import pathlib
import sys
import wave

import numpy as np

from lrkeras.datasets.keyboard_text import tokenize
from lrkeras.export import StepRunner
from lrkeras.tasks.keyboard.suggester import Suggester

DEMO = pathlib.Path(__file__).parents[1] / "android_demo"
ASSETS = DEMO / "app" / "src" / "main" / "assets"
# Outputs that are kept of a step, evenly from the first to the last one.
KEPT = 24
TEXTS = [
    "",
    "i'd like 2 tickets, please.",
    "It’s 10:30, isn’t it?",
    "line one\nline two\r\n\n",
    "'quoted' and trailing' ''double''",
    "snake_case __init__ a_b",
    "Größe ÉTÉ ŒUVRE ǅ İstanbul ΣΑΣ straße",
    "Привет, как дела? Ἀθῆναι",
    "日本語のテキスト 中文，标点。 한국어",
    "नमस्ते दुनिया กรุงเทพ",
    "مرحبا بالعالم ١٢٣ שלום",
    "👍🏽 ok 👩‍👩‍👧 🇫🇷 e\u0301 cafe\u0301",
    "½ cup, x² + y³, Ⅳ ⅻ ①",
    "tab\tnbsp\u00a0thin\u2009zero\u200bwide next\u0085line \x1c sep\u2028para\u2029",
    "3.14 1,000 0x1F 12ab ab12 १२",
    "a'b'c don''t 'tis o’clock ’90s",
    "𝒜𝓁𝑔 𝟘𝟙 𐐀𐐨 \U0001f600\U0001f601",
    "don't!!! wait... what?! -- em—dash ~^$ €5",
]


TYPED = [
    "",
    "h",
    "He",
    "I w",
    "I would like to ",
    "i would like to find a res",
    "What's",
    "don",
    "dont",
    "Don’t",
    "YES",
    "TH",
    "thank you",
    "thank you ",
    "thank you, ",
    "Thanks! ",
    "thanks!\nse",
    "at 10 ",
    "at 10 p",
    "10",
    "rebook",
    "unrestau",
    "overbookin",
    "xqz",
    "'",
    "'tis",
    "ok 👍 se",
    "über",
    "привет ",
    "see you to",
    "SEE YOU TO",
    "Find me a hotel in San F",
    "I’d like 2 tickets to the ",
    "it is what it is. " * 30 + "wha",
    "no no " * 700 + "ple",
    "a_b",
    "i",
    "can you b",
]


def suggestions(path: pathlib.Path) -> list[dict]:
    """What the keyboard of a model suggests, as the texts that a tap leaves."""
    suggester = Suggester(path)
    found = []
    for text in TYPED:
        given = suggester.suggest(text)
        shown = [{"text": one.text, "after": one.applied_to(text)[-40:]} for one in given]
        found.append({"typed": text, "suggestions": shown})
    return found


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
    return list(hops), {"clip": clip.name}


def main(models: str | None = None, out: str | None = None) -> int:
    """Writes a file for each model and one of tokens."""
    folder = pathlib.Path(models) if models else ASSETS / "models"
    target = pathlib.Path(out) if out else DEMO / "goldens"
    target.mkdir(parents=True, exist_ok=True)
    for path in sorted(folder.glob("*.tflite")):
        _write(target / f"{path.stem}.json", golden(path, ASSETS / "clips"))
        metadata = StepRunner(path).metadata
        if metadata["task"] == "word_prediction" and metadata["quantize"] is None:
            _write(target / f"{path.stem}.suggestions.json", suggestions(path))
    _write(target / "tokens.json", [{"text": text, "tokens": tokenize(text)} for text in TEXTS])
    return 0


def _write(file: pathlib.Path, content: object) -> None:
    file.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
