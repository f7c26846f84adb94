"""Trains the keyboard's CIFG model on 20,000 words, spellings of chats among them.

    python tools/release/train_chat_words.py --data DIR --out RUN

DIR holds `sgd-text/`, `fra-eng/` and `wikitext-2/`. The preset is `keyboard_chat`; the weights are at
first those of the trained model of 10,000 words (`tools/release/models/word_prediction_cifg.keras`): a
spelling begins with the row of the word that it stands for, another new word with the mean row and
a tenth of the rows' spread. A run that was stopped goes on with the same command.
"""

import argparse
import json
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np

MODEL = "word_prediction_cifg"
RELEASED = pathlib.Path(__file__).parent / "models"


def main(arguments=None):
    """Command line; see the top of the file."""
    from lrkeras.tasks.training.run_folder import check, claimed, write_json
    from lrkeras.tasks.word_prediction.config import PRESETS
    from lrkeras.tasks.word_prediction.training import load_corpus, train_model

    options = _parser().parse_args(arguments)
    config = PRESETS["keyboard_chat"]
    check(options.out, config, ignored=("models",))
    train_ids, valid_ids, vocabulary = load_corpus(config, options.data)
    with claimed(options.out, config, ignored=("models",)):
        write_json(options.out / "metadata.json", {"vocabulary": vocabulary.words})

        def start(model):
            take_over(model, config, vocabulary, train_ids)

        row = train_model(
            config, "cifg", train_ids, valid_ids, vocabulary, options.out, start=start, verbose=2
        )
    row |= {"valid_oov_rate": vocabulary.oov_rate(valid_ids), "starts_from": MODEL}
    write_json(options.out / "training.json", row)
    print(json.dumps(row, indent=1))


def take_over(model, config, vocabulary, train_ids):
    """Gives a model in bands the weights of the trained one, and rows to the words it lacks."""
    import dataclasses

    import lrkeras
    from lrkeras import structures
    from lrkeras.models import registry
    from lrkeras.tasks.word_prediction.models import build_model

    trained = registry.load(MODEL, RELEASED)
    whole = build_model(dataclasses.replace(config, band_sizes=()), "cifg", len(vocabulary))
    rows = table_of(trained.get_layer("words").get_weights()[0], vocabulary.words, config.seed)
    whole.get_layer("words").set_weights([rows])
    whole.get_layer("cifg_0").set_weights(trained.get_layer("cifg_0").get_weights())
    bands = structures.FrequencyBands(sizes=config.band_sizes, ranks=config.band_ranks)
    counts = np.bincount(train_ids, minlength=len(vocabulary))
    cut, _ = lrkeras.compress(whole, bands, include="words.embeddings", frequencies=counts)
    model.set_weights(cut.get_weights())


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
    return parser


if __name__ == "__main__":
    main()
