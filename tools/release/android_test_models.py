"""Makes the small models of the Android app's tests: `python tools/release/android_test_models.py`.

Screens are drawn with them, and the keyboard's rules compared, so that neither depends on what the
package ships. The word model is float32, whose ranks are the same on every machine; it learns from
the text that comes with the package, for a minute. A file of it with weights of four bits is for
the runtimes alone. The speech model is not trained at all.
tools/release/android_goldens.py comes after.
"""

import argparse
import os
import pathlib
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

ROOT = pathlib.Path(__file__).resolve().parents[2]
OUT = ROOT / "android_demo" / "app" / "src" / "test" / "resources" / "models"
RUNTIME = "2.16"
LICENCE = "CC BY-SA 4.0"
WORDS, EMBEDDING, UNITS, STEPS = 600, 24, 48, 400
CARD = """# word_prediction_tiny

Next-word prediction for the tests of the app: one dense LSTM layer of {units} units.

* **Data**: an excerpt of the Schema-Guided Dialogue corpus (Rastogi et al. 2020, CC BY-SA 4.0).
* **Licence of the weights**: CC BY-SA 4.0, as the text they were made from.
* **Limits**: it knows {words} words, and was trained for a minute.

| file | bytes |
|---|---|
| `word_prediction_tiny.tflite` | {size:,} |
"""


def word_model(out: pathlib.Path) -> None:
    """Trains the word model, converts it, and writes its card.

    Args:
        out: The folder of the files.
    """
    import keras

    from lrkeras import convert, layers
    from lrkeras.tasks.keyboard.blocked_words import load_blocked_words
    from lrkeras.tasks.word_prediction import models as word_models
    from lrkeras.tasks.word_prediction.config import WordPredictionConfig
    from lrkeras.tasks.word_prediction.token_windows import TokenWindows

    tokens, vocabulary = _tokens()
    keras.utils.set_random_seed(1)
    config = WordPredictionConfig(steps_per_epoch=STEPS, epochs=1)
    ids = keras.Input((None,), dtype="int32", name="tokens")
    table = layers.Embedding(len(vocabulary), EMBEDDING, name="words")
    hidden = layers.LSTM(UNITS, return_sequences=True, name="lstm")(table(ids))
    hidden = layers.Dense(EMBEDDING, name="projection")(hidden)
    model = keras.Model(ids, table(hidden, reverse=True))
    word_models.compile_model(model, config, "dense")
    batches = TokenWindows(
        tokens,
        batch_size=config.batch_size,
        window=config.window,
        first_id=vocabulary.end_id,
        seed=1,
        steps_per_epoch=STEPS,
    )
    model.fit(batches, epochs=1, shuffle=False, verbose=2)
    metadata = {
        "task": "word_prediction",
        "name": "word_prediction_tiny",
        "licence": LICENCE,
        "vocabulary": list(vocabulary.words),
        "blocked": list(load_blocked_words()),
    }
    file = out / "word_prediction_tiny.tflite"
    convert(model, file, runtime=RUNTIME, metadata=metadata)
    int4 = out / "word_prediction_tiny_int4.tflite"
    convert(model, int4, quantize="int4", runtime=RUNTIME, metadata=metadata)
    text = CARD.format(units=UNITS, words=WORDS, size=file.stat().st_size)
    file.with_suffix(".md").write_text(text, encoding="utf-8")


def _tokens():
    """The embedded text with numbers as one token, and its vocabulary."""
    from lrkeras.datasets import Vocabulary, words

    tokens = []
    for line in words.load_lines("train"):
        tokens += ["<num>" if token.isdecimal() else token for token in words.tokenize(line)]
        tokens.append("<eos>")
    vocabulary = Vocabulary.from_tokens(tokens, WORDS)
    return vocabulary.encode(tokens), vocabulary


def speech_model(out: pathlib.Path) -> None:
    """Converts a speech model of random weights.

    Args:
        out: The folder of the file.
    """
    import dataclasses

    import keras

    from lrkeras import convert
    from lrkeras.tasks.speech_commands.config import PRESETS
    from lrkeras.tasks.speech_commands.model import build_network, with_front_end
    from lrkeras.tasks.speech_commands.training import metadata

    keras.utils.set_random_seed(1)
    config = dataclasses.replace(PRESETS["tiny"], units=8, num_layers=1)
    convert(
        with_front_end(build_network(config, "dense")),
        out / "speech_commands_tiny.tflite",
        runtime=RUNTIME,
        metadata={**metadata(), "name": "speech_commands_tiny"},
    )


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, default=OUT, help="folder of the files")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    word_model(options.out)
    speech_model(options.out)
    return 0


if __name__ == "__main__":
    sys.exit(main())
