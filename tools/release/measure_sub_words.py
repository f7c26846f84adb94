"""Measures what sub-words do for words that a keyboard's model does not know, and what they cost.

    python tools/release/measure_sub_words.py FILE.tflite ... --data DIR --run RUN --out FILE.json

DIR holds the corpora of training and `nus-sms/`. A small model of sub-words (keras-hub's WordPiece)
learns to spell the words of the training text, and is converted to int8 (RUN keeps it). Once
letters are typed, its words compete with those of FILE: the share of a word that FILE lacks is that
of the unknown word times that of its spelling. Beside it stands the trivial way, a list of the most
frequent words of the training text that FILE lacks, in at most as many bytes. Messages are typed as
in `measure_personal_words.py`; intervals of 95 % are from a bootstrap over people. Sizes, and how
much words that FILE has count, were chosen on the people of `valid`, with the chat model.
"""

import collections
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from measured_files import heading, parser_of
from rich.progress import track
from shares_of_groups import summary, sums_of
from sub_words import PADDING, START, UNKNOWN, RankingBeyond, SubWords, WordList

import lrkeras
from lrkeras.datasets import keyboard_text
from lrkeras.export import StepRunner
from lrkeras.models.registry import checksum
from lrkeras.system.json_file import write_json
from lrkeras.system.optional_imports import require
from lrkeras.system.required_paths import require_paths
from lrkeras.tasks.keyboard.file_model import FileModel

SPLITS = ("valid", "test")
PIECES, WIDTH, LONGEST = 500, 64, 12
EPOCHS, BATCH_SIZE, RATE = 6, 128, 3e-3


def main(arguments=None):
    """Command line; see the top of the file."""
    parser = parser_of(__doc__, 60, "messages of a person")
    parser.add_argument("--run", type=pathlib.Path, required=True, help="folder for the models")
    options = parser.parse_args(arguments)
    require_paths(
        reads=[
            *options.files,
            options.data / "nus-sms" / "nus_sms_en.dev.tsv",
            *(options.data / name for name in keyboard_text.FILES),
        ],
        writes=[options.out],
        hint="--data must hold sgd-text/, fra-eng/, wikitext-2/ and nus-sms/.",
    )
    options.run.mkdir(parents=True, exist_ok=True)
    result = heading("measure_sub_words", arguments) | {"models": {}}
    counts = words_of(options.data)
    for file in options.files:
        model = FileModel(file)
        known = set(model.vocabulary.words)
        unknown = {word: count for word, count in counts.items() if word not in known}
        spelled = options.run / f"{file.stem}_sub_words.tflite"
        pieces, training = trained(spelling_weights(counts, known), spelled)
        sub_words = SubWords(StepRunner(spelled), pieces)
        listed = WordList(unknown, spelled.stat().st_size)
        row = {
            "sha256": checksum(file),
            "unknown_words": len(unknown),
            "sub_words": training | {"bytes": spelled.stat().st_size},
            "list": {"words": len(listed.words), "bytes": listed.num_bytes},
        }
        for split in SPLITS:
            row[split] = measured(model, sub_words, listed, options, split, file.stem)
        result["models"][file.stem] = row
    write_json(options.out, result)
    return result


def words_of(data):
    """How often each word of the training text comes that is of letters alone."""
    counts = collections.Counter()
    for source in keyboard_text.SOURCES:
        for line in keyboard_text.load_lines(data, source, "train"):
            counts.update(word for word in line if word.isalpha())
    return counts


def spelling_weights(counts, known):
    """How often words are spelled in an epoch: what is known teaches how words are spelled, too."""
    return {
        word: max(1, round(count**0.5)) if word in known else 2 * count
        for word, count in counts.items()
    }


def trained(counts, file):
    """Trains a model of sub-words and converts it.

    Args:
        counts: how often each word is spelled in an epoch.
        file: the file to write.

    Returns:
        Its sub-words, and how it was trained.
    """
    hub = require("keras_hub", "translation")
    import tensorflow as tf

    words = list(collections.Counter(counts).elements())
    pieces = hub.tokenizers.compute_word_piece_vocabulary(
        tf.data.Dataset.from_tensor_slices(words).batch(1000),
        PIECES,
        reserved_tokens=[PADDING, UNKNOWN, START],
    )
    tokenizer = hub.tokenizers.WordPieceTokenizer(pieces, sequence_length=LONGEST)
    kinds = sorted(counts)
    spelled = np.asarray(tokenizer(kinds), np.int32)
    start = np.full((len(kinds), 1), pieces.index(START), np.int32)
    whole = spelled[:, -1] == 0  # longer ones would have no end
    frequency = np.array([counts[word] for word in kinds])[whole]
    inputs = np.concatenate([start, spelled[:, :-1]], 1)[whole]
    is_end = np.arange(LONGEST) == (spelled > 0).sum(1, keepdims=True)
    targets = np.where(is_end, start, spelled)[whole]
    rng = np.random.default_rng(0)
    held = rng.random(len(inputs)) < 0.1
    keras.utils.set_random_seed(0)
    ids = keras.Input((None,), dtype="int32")
    table = keras.layers.ReversibleEmbedding(len(pieces), WIDTH, name="sub_words")
    hidden = keras.layers.GRU(WIDTH, return_sequences=True, name="gru")(table(ids))
    model = keras.Model(ids, table(hidden, reverse=True))
    steps = EPOCHS * int(np.ceil(frequency[~held].sum() / BATCH_SIZE))
    model.compile(
        keras.optimizers.AdamW(keras.optimizers.schedules.CosineDecay(RATE, steps)),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True, ignore_class=0),
    )
    # Words as often as the text has them; those held back, each once.
    order = np.repeat(np.flatnonzero(~held), frequency[~held])
    history = model.fit(
        inputs[order],
        targets[order],
        validation_data=(inputs[held], targets[held]),
        batch_size=BATCH_SIZE,
        epochs=EPOCHS,
        verbose=2,
    ).history
    lrkeras.convert(model, file, quantize="int8", form="step")
    return pieces, {
        "pieces": len(pieces),
        "units": WIDTH,
        "epochs": EPOCHS,
        "parameters": model.count_params(),
        "loss": history["loss"],
        "val_loss": history["val_loss"],
    }


def measured(model, sub_words, listed, options, split, name):
    """What both ways do for the messages of a split: without, with, the difference."""
    messages = keyboard_text.load_messages(options.data, split)
    people = [texts[: options.limit] for texts in messages.values()]
    words, blocked = model.vocabulary.words, model.blocked
    unknown = model.vocabulary.unknown_id
    sub_words.steps.clear()
    found = {"people": len(people), "messages": sum(map(len, people))}
    alone = [sums_of(model, one) for one in track(people, f"{name}, {split}")]
    for way, beyond in (("sub_words", sub_words), ("list", listed)):
        ranking = RankingBeyond(words, blocked, unknown, beyond)
        counted = [
            [whole, before, sums_of(model, one, ranking=ranking)[1]]
            for (whole, before), one in zip(alone, track(people, f"{name}, {way}"), strict=True)
        ]
        found[way] = summary(np.array(counted))["keystrokes_saved"]
    found["steps_of_a_prefix"] = float(np.mean(sub_words.steps))
    return found


if __name__ == "__main__":
    main()
