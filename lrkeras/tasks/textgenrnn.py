"""Three character-level language models that others trained with cuDNN: textgenrnn.

The models of Max Woolf's textgenrnn (github.com/minimaxir/textgenrnn, MIT licence) read the last 40
characters and give the probabilities of the next one: an embedding, two LSTMs, and an attention
over time that averages the embedding and both LSTM outputs. Keras 2.1.5 saved the weights of its
`CuDNNLSTM` layers; `load` puts them into layers of Keras 3, without a class of its own, so that
the models save, clone, compress and convert like any other.

A text is one line: `<s>`, its characters, `<s>`.
"""

from __future__ import annotations

import json
import lzma
import os
import pathlib
import tarfile
from collections.abc import Mapping

import keras
import numpy as np

from lrkeras.legacy_h5 import load_legacy_h5
from lrkeras.system.held_folder import scratch_folder

NAMES = ("textgenrnn_weights", "reddit_apple_android", "hacker_news")
VOCABULARY_FILE = "textgenrnn_vocab.json"
START = "<s>"  # before and after every text
WINDOW = 40
SYMBOLS = 465  # 464 in the vocabulary, and 0 for padding and for what is not in it


def build_model() -> keras.Model:
    """Returns the untrained model: int32 `(batch, 40)` to probabilities `(batch, 465)`.

    It has 461,693 parameters. With cuDNN it had 462,717: an LSTM there has a second bias vector,
    which is of no use, 2 layers x 4 gates x 128 units.
    """
    layers = keras.layers
    characters = layers.Input((WINDOW,), dtype="int32", name="input")
    embedded = layers.Embedding(SYMBOLS, 100, name="embedding")(characters)
    first = layers.LSTM(128, return_sequences=True, name="rnn_1")(embedded)
    second = layers.LSTM(128, return_sequences=True, name="rnn_2")(first)
    sequence = layers.Concatenate(name="rnn_concat")([embedded, first, second])
    scores = layers.Dense(1, use_bias=False, name="attention")(sequence)
    weights = layers.Softmax(axis=1, name="attention_weights")(scores)
    average = layers.Dot(axes=1, name="attention_average")([weights, sequence])
    average = layers.Reshape((356,), name="attention_output")(average)
    output = layers.Dense(SYMBOLS, activation="softmax", name="output")(average)
    return keras.Model(characters, output, name="textgenrnn")


def load(
    source: str | os.PathLike, name: str = "textgenrnn_weights"
) -> tuple[keras.Model, dict[str, int]]:
    """Loads one of the trained models.

    Args:
        source: the folder that holds `NAME.hdf5` and `textgenrnn_vocab.json`, or a `.tar.xz`
            archive of it.
        name: `"textgenrnn_weights"` (general English), `"reddit_apple_android"` or
            `"hacker_news"` (titles).

    Returns:
        `(model, vocabulary)`; the vocabulary gives every character its number.

    Raises:
        FileNotFoundError: there is no such folder or archive, or it lacks one of the two files.
        ValueError: the name is another one, or the archive or a file in it is damaged.
    """
    if name not in NAMES:
        raise ValueError(f"Expected one of {', '.join(NAMES)}; received {name!r}.")
    path = pathlib.Path(source)
    if path.is_dir():
        return _load_folder(path, name)
    if not path.is_file():
        raise FileNotFoundError(
            f"Expected a folder or a .tar.xz archive with {name}.hdf5; found neither at "
            f"{str(path)!r}. Check the path."
        )
    with scratch_folder() as folder:
        _extract(path, folder, (f"{name}.hdf5", VOCABULARY_FILE))
        return _load_folder(pathlib.Path(folder), name)


def read_vocabulary(path: str | os.PathLike) -> dict[str, int]:
    """Reads a vocabulary from a JSON object of characters and their numbers.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it is no such object, a number is not from 1 to 464 or there twice, or `<s>` is
            missing.
    """
    text = pathlib.Path(path).read_text(encoding="utf-8")
    try:
        vocabulary = json.loads(text)
    except ValueError as error:
        raise ValueError(f"{str(path)!r} is not JSON: {error}.") from error
    numbers = list(vocabulary.values()) if isinstance(vocabulary, dict) else []
    known = set(range(1, SYMBOLS))
    if START not in (vocabulary if numbers else {}) or not all(n in known for n in numbers):
        raise ValueError(
            f"Expected an object of characters and their numbers, from 1 to {SYMBOLS - 1}, with "
            f"{START!r} among them, in {str(path)!r}."
        )
    if len(set(numbers)) < len(numbers):
        raise ValueError(f"Two characters have the same number in {str(path)!r}.")
    return vocabulary


def encode(text: str, vocabulary: Mapping[str, int]) -> np.ndarray:
    """Returns what the model reads to predict the character after `text`.

    Args:
        text: the text so far, without `<s>`, of any length.
        vocabulary: the numbers of the characters.

    Returns:
        int32 of shape `(40,)`: the last 40 of `<s>` and the characters, after zeros where there
        are fewer. A character that is not in the vocabulary is 0.
    """
    return _window(_numbers(text, vocabulary))


def windows(text: str, vocabulary: Mapping[str, int]) -> tuple[np.ndarray, np.ndarray]:
    """Returns what the model reads for every character of a text, and these characters.

    Args:
        text: one text a line; empty lines do not count.
        vocabulary: the numbers of the characters.

    Returns:
        `(inputs, targets)`, int32 of the shapes `(n, 40)` and `(n,)`. The `<s>` that ends a line is
        a target too; a character that is not in the vocabulary is none, as in training.

    Raises:
        ValueError: the text has no line with a character in it.
    """
    inputs, targets = [], []
    for line in text.splitlines():
        numbers = [*_numbers(line, vocabulary), vocabulary[START]]
        if len(numbers) > 2:
            inputs += [_window(numbers[:end]) for end in range(1, len(numbers))]
            targets += numbers[1:]
    if not targets:
        raise ValueError(f"Expected a text with a character in it; received {text[:40]!r}.")
    kept = np.array(targets, np.int32) > 0
    return np.stack(inputs)[kept], np.array(targets, np.int32)[kept]


def cross_entropy(
    model: keras.Model, text: str, vocabulary: Mapping[str, int], batch_size: int = 256
) -> float:
    """Returns the mean of `-log p(character)` over a text, in nats.

    `log(465) = 6.14` is what guessing costs; no character costs more than 87, the logarithm of the
    smallest float32. See `windows` for what counts as a character.
    """
    inputs, targets = windows(text, vocabulary)
    probabilities = _probabilities(model, inputs, batch_size)
    chosen = probabilities[np.arange(len(targets)), targets]
    return float(-np.mean(np.log(np.maximum(chosen, np.finfo(np.float32).tiny))))


def generate(
    model: keras.Model,
    vocabulary: Mapping[str, int],
    prefix: str = "",
    *,
    temperature: float = 0.0,
    max_length: int = 100,
    seed: int = 0,
) -> str:
    """Continues a text until the model ends it.

    Args:
        model: what gives the probabilities.
        vocabulary: the numbers of the characters.
        prefix: how the text begins.
        temperature: 0 takes the likeliest character; 1 draws from the probabilities; between, the
            unlikely ones get rarer.
        max_length: the most characters of the text, prefix included.
        seed: of the draws.

    Returns:
        The text, prefix included.

    Raises:
        ValueError: the temperature is negative.
    """
    if temperature < 0:
        raise ValueError(f"Expected a temperature of 0 or more; received {temperature}.")
    generator = np.random.default_rng(seed)
    characters = {number: character for character, number in vocabulary.items()}
    text = prefix
    while len(text) < max_length:
        probabilities = _probabilities(model, encode(text, vocabulary)[None], 1)[0]
        probabilities[0] = 0.0  # padding is no character
        if temperature:
            probabilities = (probabilities / probabilities.max()) ** (1 / temperature)
            odds = probabilities / probabilities.sum()
            drawn = int(generator.choice(len(odds), p=odds))
        else:
            drawn = int(np.argmax(probabilities))
        if drawn == vocabulary[START]:
            break
        text += characters[drawn]
    return text


def _numbers(text: str, vocabulary: Mapping[str, int]) -> list[int]:
    return [vocabulary[START], *(vocabulary.get(character, 0) for character in text)]


def _window(numbers: list[int]) -> np.ndarray:
    last = np.array(numbers[-WINDOW:], np.int32)
    return np.pad(last, (WINDOW - len(last), 0))


def _probabilities(model: keras.Model, inputs: np.ndarray, batch_size: int) -> np.ndarray:
    # `predict` would set up a data set for every character, a plain call would not compile.
    batches = [inputs[start : start + batch_size] for start in range(0, len(inputs), batch_size)]
    return np.concatenate([model.predict_on_batch(batch) for batch in batches]).astype(np.float64)


def _load_folder(folder: pathlib.Path, name: str) -> tuple[keras.Model, dict[str, int]]:
    weights, vocabulary = folder / f"{name}.hdf5", folder / VOCABULARY_FILE
    for file in (weights, vocabulary):
        if not file.is_file():
            raise FileNotFoundError(f"Expected {file.name!r} in {str(folder)!r}; it is not there.")
    return load_legacy_h5(weights, model=build_model()), read_vocabulary(vocabulary)


def _extract(path: pathlib.Path, folder: str, names: tuple[str, ...]) -> None:
    """Extracts the files of these names, wherever they are in the archive, into a folder."""
    try:
        with tarfile.open(path) as archive:
            members = {pathlib.PurePath(member.name).name: member for member in archive}
            missing = [name for name in names if name not in members]
            if missing:
                raise FileNotFoundError(
                    f"Expected {missing[0]!r} in the archive {str(path)!r}; it is not there."
                )
            for name in names:
                archive.extract(members[name].replace(name=name), folder, filter="data")
    except (tarfile.TarError, lzma.LZMAError, EOFError) as error:
        raise ValueError(
            f"{str(path)!r} is not a whole .tar.xz archive ({error}). Copy it again."
        ) from error
