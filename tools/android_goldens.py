"""Writes what Python gives for the models of the Android app, for Kotlin and the arm64 library to be compared with.

`python tools/android_goldens.py [MODELS] [OUT]`, by default the assets of the app and android_demo/goldens. For each model
the outputs of `lrkeras.export.StepRunner` over a dozen words or a recording; and how Python cuts texts into tokens.
"""

import json
import pathlib
import re
import sys
import wave

import numpy as np

from lrkeras.export import StepRunner

DEMO = pathlib.Path(__file__).parents[1] / "android_demo"
ASSETS = DEMO / "app" / "src" / "main" / "assets"
# Outputs that are kept of a step, evenly from the first to the last one.
KEPT = 24
TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[^\w\s]|_")
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


def tokens(text: str) -> list[str]:
    """The tokens of a text, as the contract between the models and their readers has them."""
    plain = text.replace("\u2019", "'").lower()
    found = []
    for number, line in enumerate(plain.split("\n")):
        if number:
            found.append("<eos>")
        found += ["<num>" if token.isdecimal() else token for token in TOKEN.findall(line)]
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
    _write(target / "tokens.json", [{"text": text, "tokens": tokens(text)} for text in TEXTS])
    return 0


def _write(file: pathlib.Path, content: object) -> None:
    file.write_text(json.dumps(content) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
