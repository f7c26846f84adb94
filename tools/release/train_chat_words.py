"""Trains the keyboard's CIFG model on 20,000 words, spellings of chats among them.

    python tools/release/train_chat_words.py --data DIR --out RUN
    python tools/release/train_chat_words.py --data DIR --out RUN --second
    python tools/release/train_chat_words.py --data DIR --out RUN --four-bits

DIR holds `sgd-text/`, `fra-eng/` and `wikitext-2/`. The preset is `keyboard_chat`; the weights are at
first those of the trained model of 10,000 words (`tools/release/models/word_prediction_cifg.keras`): a
spelling begins with the row of the word that it stands for, another new word with the mean row and
a tenth of the rows' spread. A run that was stopped goes on with the same command. `--second` goes on from
there with dialogues three times as often, 3,600 batches, into `RUN/second/cifg.keras`. `--four-bits` cuts
the table of that model into narrower bands and trains 1,200 batches with rounded weights, for a file of
0.7 MB: `RUN/second/cifg_int4.keras`.
"""

import argparse
import dataclasses
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

MODEL = "word_prediction_cifg"
NARROW = {"sizes": (1400, 5600, 13_000), "ranks": (None, 32, 12)}
ROUNDED_BATCHES, ROUNDED_RATE = 1200, 4e-4
# Turns of dialogues came off worst in the first part of the training.
SECOND = {"repeats": (3, 3, 1), "epochs": 12, "learning_rate": 1e-3, "seed": 2}
RELEASED = pathlib.Path(__file__).parent / "models"


def main(arguments=None):
    """Command line; see the top of the file."""
    import keras

    from lrkeras.tasks.training.run_folder import check, claimed, write_json
    from lrkeras.tasks.word_prediction.config import PRESETS
    from lrkeras.tasks.word_prediction.training import load_corpus, train_model

    options = _parser().parse_args(arguments)
    config, out = PRESETS["keyboard_chat"], options.out
    if options.second or options.four_bits:
        config, out = dataclasses.replace(config, **SECOND), options.out / "second"
    check(out, config, ignored=("models",))
    train_ids, valid_ids, vocabulary = load_corpus(config, options.data)
    if options.four_bits:
        return round_to_four_bits(config, train_ids, valid_ids, vocabulary, out)

    def start(model):
        if options.second:
            earlier = keras.saving.load_model(options.out / "cifg.keras", compile=False)
            model.set_weights(earlier.get_weights())
        else:
            take_over(model, config, vocabulary, train_ids)

    with claimed(out, config, ignored=("models",)):
        write_json(out / "metadata.json", {"vocabulary": vocabulary.words})
        row = train_model(
            config, "cifg", train_ids, valid_ids, vocabulary, out, start=start, verbose=2
        )
    row |= {"valid_oov_rate": vocabulary.oov_rate(valid_ids), "starts_from": MODEL}
    write_json(out / "training.json", row)
    print(json.dumps(row, indent=1))


def round_to_four_bits(config, train_ids, valid_ids, vocabulary, out):
    """Trains the model of a run on with rounded weights, its table in narrower bands."""
    import keras

    import lrkeras
    from lrkeras.system.json_file import write_json
    from lrkeras.tasks.word_prediction.perplexity import Perplexity
    from lrkeras.tasks.word_prediction.token_windows import TokenWindows
    from lrkeras.tasks.word_prediction.training import training_windows

    trained = keras.saving.load_model(out / "cifg.keras", compile=False)
    whole = whole_table(config, len(vocabulary))
    whole.get_layer("words").set_weights(
        [trained.get_layer("words").embeddings_structure.to_dense()]
    )
    whole.get_layer("cifg_0").set_weights(trained.get_layer("cifg_0").get_weights())
    copy = lrkeras.quantize_aware(in_bands(whole, NARROW, train_ids))
    rate = keras.optimizers.schedules.CosineDecay(ROUNDED_RATE, ROUNDED_BATCHES, alpha=0.05)
    copy.compile(
        keras.optimizers.Adam(rate, global_clipnorm=config.clip_norm),
        keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        weighted_metrics=[Perplexity()],
    )
    batches = training_windows(config, train_ids, vocabulary)
    batches.epoch = config.epochs  # text as it was not cut before
    valid = TokenWindows(
        valid_ids, window=config.window, batch_size=256, first_id=vocabulary.end_id
    )
    history = []
    for _ in range(ROUNDED_BATCHES // config.steps_per_epoch):
        copy.fit(batches, shuffle=False, verbose=2)
        history.append(copy.evaluate(valid, verbose=0, return_dict=True)["perplexity"])
        print(f"perplexity of the validation text: {history[-1]:.2f}", flush=True)
        batches.epoch += 1
    copy.save(out / "cifg_int4.keras")
    told = {"valid_perplexity": history, "bands": NARROW, "batches": ROUNDED_BATCHES}
    write_json(out / "four_bits.json", told)


def whole_table(config, num_words):
    """An untrained model of a config whose table is not cut into bands."""
    import dataclasses

    from lrkeras.tasks.word_prediction.models import build_model

    return build_model(dataclasses.replace(config, band_sizes=(), dropout=0.0), "cifg", num_words)


def take_over(model, config, vocabulary, train_ids):
    """Gives a model in bands the weights of the trained one, and rows to the words it lacks."""
    from lrkeras.models import registry

    trained = registry.load(MODEL, RELEASED)
    whole = whole_table(config, len(vocabulary))
    rows = table_of(trained.get_layer("words").get_weights()[0], vocabulary.words, config.seed)
    whole.get_layer("words").set_weights([rows])
    whole.get_layer("cifg_0").set_weights(trained.get_layer("cifg_0").get_weights())
    bands = {"sizes": config.band_sizes, "ranks": config.band_ranks}
    model.set_weights(in_bands(whole, bands, train_ids).get_weights())


def in_bands(model, bands, train_ids):
    """A model with its word table in bands, fitted by how often words occur in the training text."""
    import lrkeras
    from lrkeras import structures

    counts = np.bincount(train_ids, minlength=model.output_shape[-1])
    cut = structures.FrequencyBands(**bands)
    return lrkeras.compress(model, cut, include="words.embeddings", frequencies=counts)[0]


def table_of(earlier, words, seed):
    """Rows for words out of the table of the trained model, whose words are in its int8 file."""
    from lrkeras.datasets.chat_text import load_spellings
    from lrkeras.export import StepRunner
    from lrkeras.models import registry

    names = StepRunner(registry.FOLDER / f"{MODEL}_int8.tflite").metadata["vocabulary"]
    known = dict(zip(names, earlier, strict=True))
    rng = np.random.default_rng(seed)
    rows = rng.normal(earlier.mean(0), 0.1 * earlier.std(0), (len(words), earlier.shape[1]))
    standard = {
        written[0]: key[-1]
        for key, spellings in load_spellings().items()
        for written in spellings
        if len(key) == len(written) == 1 and key[0] in known
    }
    for place, word in enumerate(words):
        row = known.get(word, known.get(standard.get(word)))
        if row is not None:
            rows[place] = row
    return rows.astype(np.float32)


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="folder of the run")
    parser.add_argument("--second", action="store_true", help="the second training")
    parser.add_argument("--four-bits", action="store_true", help="the last training")
    return parser


if __name__ == "__main__":
    main()
