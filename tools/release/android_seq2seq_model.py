"""Makes the encoder and decoder of the Android tests: `python tools/release/android_seq2seq_model.py`.

It learns for seconds to say up to four digits backwards. Beside the file is what Python's
`Seq2SeqRunner` gives for some sources, which Kotlin's is held to.
"""

import argparse
import json
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from keras import layers

from lrkeras import Seq2SeqRunner, convert

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "android_demo" / "app" / "src" / "test" / "resources" / "seq2seq"
RUNTIME = "2.16"
# Ids 1 to 5 are digits; 0 ends a target and pads a source.
IDS, START, END, LENGTH, UNITS = 7, 6, 0, 4, 16
SOURCES = [[1, 2, 3, 4], [5, 5], [3], [2, 4, 1]]


def trained() -> keras.Model:
    """The training model: source and target before it, to probabilities of the next id."""
    keras.utils.set_random_seed(1)
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    read = layers.Embedding(IDS, 8, mask_zero=True)(source)
    memory, state = layers.GRU(UNITS, return_sequences=True, return_state=True)(read)
    hidden = layers.Embedding(IDS, 8)(target)
    hidden = layers.GRU(UNITS, return_sequences=True)(hidden, initial_state=state)
    hidden = layers.Concatenate()([hidden, layers.Attention()([hidden, memory])])
    model = keras.Model([source, target], layers.Dense(IDS, activation="softmax")(hidden))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    rng = np.random.default_rng(0)
    x, y = np.zeros((2000, LENGTH), int), np.zeros((2000, LENGTH + 1), int)
    for digits, backwards in zip(x, y, strict=True):
        length = rng.integers(1, LENGTH + 1)
        digits[:length] = rng.integers(1, 6, length)
        backwards[:length] = digits[:length][::-1]
    before = np.pad(y, ((0, 0), (1, 0)), constant_values=START)[:, :-1]
    model.fit([x, before], y, batch_size=50, epochs=10, verbose=2)
    return model


def goldens(file: pathlib.Path) -> dict:
    """What Python gives for some sources.

    Args:
        file: The model.
    """
    runner = Seq2SeqRunner(file)
    options = dict(start=START, end=END, max_steps=LENGTH + 2)
    cases = []
    for source in SOURCES:
        beams = runner.beam_search(source, width=3, length_penalty=0.5, **options)
        cases.append(
            {
                "source": source,
                "greedy": runner.greedy(source, **options),
                "beams": [{"tokens": one.tokens, "score": round(one.score, 5)} for one in beams],
            }
        )
    return {**options, "width": 3, "length_penalty": 0.5, "cases": cases}


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder of the files")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    file = options.out / "reverser.tflite"
    convert(trained(), file, form="seq2seq", steps=LENGTH, runtime=RUNTIME)
    text = json.dumps(goldens(file), indent=1)
    file.with_suffix(".json").write_text(f"{text}\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
