"""Makes the small models of the Android app: `python tools/android_models.py --out FOLDER`.

The app's own folder is android_demo/app/src/main/assets/models. Word models (dense, doped Kronecker
and hybrid) learn from the text that comes with the package. With --speech FOLDER a speech model
learns from clips in the manner of Speech Commands (index.tsv with the columns file, class and
suggested_split). All are small on purpose: any file that says as much in its metadata may take
their place. tools/android_goldens.py comes after.
"""

import argparse
import csv
import os
import pathlib
import sys
import wave

os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import keras
import numpy as np

from lrkeras import callbacks, convert, layers, sparsify, structures
from lrkeras.datasets import Vocabulary, words
from lrkeras.tasks import word_models
from lrkeras.tasks.keyboard.blocked_words import load_blocked_words
from lrkeras.tasks.token_windows import TokenWindows
from lrkeras.tasks.word_prediction_config import WordPredictionConfig

RUNTIME = "2.16"
WORD_LICENCE = (
    "Apache-2.0. Trained on an excerpt of the Schema-Guided Dialogue corpus "
    "(Rastogi et al., AAAI 2020), CC BY-SA 4.0."
)
SPEECH_LICENCE = "Apache-2.0. Trained on Speech Commands (P. Warden, 2018), CC BY 4.0."
WORD_STRUCTURES = {
    "dense": lambda: None,
    "doped_kronecker": lambda: structures.doped(
        structures.Kronecker(), compression=10, block=(1, 16)
    ),
    "hybrid": lambda: structures.Hybrid(compression=6),
}
WORD_FILES = (("dense", None), ("dense", "int8"), ("doped_kronecker", "int8"), ("hybrid", "int8"))
EMBEDDING, UNITS = 64, 192
RATE, HOP = 16_000, 320


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    options = _parser().parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    make_word_models(options.out, options.steps)
    if options.speech:
        make_speech_model(options.out, options.speech, options.epochs)
    return 0


def make_word_models(out: pathlib.Path, steps: int) -> None:
    """Trains and converts the word models.

    Args:
        out: The folder of the files.
        steps: Training steps of each model.
    """
    tokens, vocabulary = _word_tokens(2000)
    metadata = {
        "task": "word_prediction",
        "vocabulary": list(vocabulary.words),
        "blocked": list(load_blocked_words()),
        "licence": WORD_LICENCE,
    }
    trained = {name: _train_words(name, tokens, vocabulary, steps) for name in WORD_STRUCTURES}
    for name, quantize in WORD_FILES:
        title = f"word_prediction_{name}_{quantize or 'float32'}"
        convert(
            trained[name],
            out / f"{title}.tflite",
            quantize=quantize,
            runtime=RUNTIME,
            metadata={"name": title, **metadata},
        )


def _word_tokens(size: int) -> tuple[np.ndarray, Vocabulary]:
    """The embedded text with numbers as one token."""
    tokens = []
    for line in words.load_lines("train"):
        tokens += ["<num>" if token.isdecimal() else token for token in words.tokenize(line)]
        tokens.append("<eos>")
    vocabulary = Vocabulary.from_tokens(tokens, size)
    return vocabulary.encode(tokens), vocabulary


def _train_words(name: str, tokens: np.ndarray, vocabulary: Vocabulary, steps: int) -> keras.Model:
    keras.utils.set_random_seed(1)
    config = WordPredictionConfig(
        units=UNITS, embedding_dim=EMBEDDING, steps_per_epoch=steps, epochs=1
    )
    ids = keras.Input((None,), dtype="int32", name="tokens")
    table = layers.Embedding(len(vocabulary), EMBEDDING, name="words")
    lstm = layers.LSTM(
        UNITS, return_sequences=True, joint_structure=WORD_STRUCTURES[name](), name="lstm"
    )
    hidden = layers.Dense(EMBEDDING, name="projection")(lstm(table(ids)))
    model = keras.Model(ids, table(hidden, reverse=True), name=name)
    word_models.compile_model(model, config, name)
    batches = TokenWindows(
        tokens,
        batch_size=config.batch_size,
        window=config.window,
        first_id=vocabulary.end_id,
        seed=1,
        steps_per_epoch=steps,
    )
    annealing = [callbacks.SparsityAnnealing(steps // 10, steps * 6 // 10)]
    has_sparse = bool(structures.find_structures(model, structures.Sparse))
    model.fit(
        batches, epochs=1, shuffle=False, verbose=2, callbacks=annealing if has_sparse else []
    )
    if has_sparse:
        sparsify(model)
    return model


def make_speech_model(out: pathlib.Path, clips: pathlib.Path, epochs: int) -> None:
    """Trains a recogniser of words, frame by frame, and converts it to int8.

    A word's output is wanted in the frames around its end, and the blank in all others: what the
    CTC loss arrives at, in a run that is too short for it.

    Args:
        out: The folder of the file.
        clips: Wave files of 16 kHz, and index.tsv.
        epochs: Passes over the clips.
    """
    names, sounds, classes = _clips(clips)
    labels = [*sorted(name for name in names if not name.startswith("_")), "<unknown>"]
    keras.utils.set_random_seed(1)
    front = keras.Sequential([keras.Input((None,)), _mel(), keras.layers.Permute((2, 1))])
    frames = np.concatenate(
        [front.predict(sounds[at : at + 256], verbose=0) for at in range(0, len(sounds), 256)]
    )
    normalise = keras.layers.Normalization(
        axis=-1, mean=frames.mean((0, 1)), variance=frames.var((0, 1)), name="normalise"
    )
    stack = [
        normalise,
        layers.LSTM(96, return_sequences=True, name="lstm"),
        keras.layers.Dense(1 + len(labels), name="labels"),
    ]
    network = keras.Sequential([keras.Input((None, 40)), *stack])
    targets = _frame_targets(sounds, [labels.index(n) if n in labels else -1 for n in classes])
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    network.compile(keras.optimizers.Adam(3e-3), loss)
    network.fit(frames, targets, batch_size=64, epochs=epochs, verbose=2)
    samples = keras.Input((None,), name="samples")
    hidden = keras.layers.Permute((2, 1))(_mel()(samples))
    for layer in stack:
        hidden = layer(hidden)
    convert(
        keras.Model(samples, hidden),
        out / "speech_commands_dense_int8.tflite",
        quantize="int8",
        runtime=RUNTIME,
        sample=sounds[0],
        metadata={
            "task": "speech_commands",
            "name": "speech_commands_dense_int8",
            "labels": labels,
            "blank": 0,
            "sample_rate": RATE,
            "samples_per_step": HOP,
            "licence": SPEECH_LICENCE,
        },
    )


def _frame_targets(sounds: np.ndarray, labels: list[int]) -> np.ndarray:
    """Outputs wanted of each frame, (clips, frames): the label around the end of the sound."""
    power = np.square(sounds.reshape(len(sounds), -1, HOP)).mean(-1)
    targets = np.zeros(power.shape, "int32")
    for clip, label in enumerate(labels):
        end = int(np.flatnonzero(power[clip] >= 0.1 * power[clip].max())[-1])
        if label >= 0:
            targets[clip, max(0, end - 3) : end + 5] = 1 + label
    return targets


def _mel() -> layers.MelSpectrogram:
    return layers.MelSpectrogram(
        fft_length=1024,
        sequence_stride=HOP,
        sequence_length=800,
        sampling_rate=RATE,
        num_mel_bins=40,
        min_freq=60.0,
        name="mel",
    )


def _clips(folder: pathlib.Path) -> tuple[list[str], np.ndarray, list[str]]:
    """Classes that there are, samples (clips, time) in [-1, 1], and the class of each clip."""
    with open(folder / "index.tsv", newline="", encoding="utf-8") as lines:
        rows = [
            row
            for row in csv.DictReader(lines, delimiter="\t")
            if row["suggested_split"] == "train"
        ]
    classes = [{"_unknown_": "<unknown>"}.get(row["class"], row["class"]) for row in rows]
    sounds = np.zeros((len(rows), RATE), "float32")
    for place, row in enumerate(rows):
        with wave.open(str(folder / "wav" / row["file"])) as clip:
            values = np.frombuffer(clip.readframes(RATE), "<i2")
        sounds[place, : len(values)] = values / 32768
    return sorted({name for name in classes if name != "<unknown>"}), sounds, classes


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the files")
    parser.add_argument("--steps", type=int, default=500, help="training steps of a word model")
    parser.add_argument("--speech", type=pathlib.Path, help="folder of clips; left out: no speech")
    parser.add_argument("--epochs", type=int, default=12, help="passes over the clips")
    return parser


if __name__ == "__main__":
    sys.exit(main())
