"""Measures what four bits cost the CIFG word model, rounded alone and tuned with rounded weights.

    python tools/benchmarks/tune_four_bits.py --data DIR --out FILE.json --keras FILE.keras

DIR holds `sgd-text/`, `fra-eng/` and `wikitext-2/`. Perplexity is that of the validation text of
the preset `keyboard`, as much of each source, from zero states every 35 words, as in its training.
`--refit` sets the scales anew every so many batches; without it they stay as they were. `--bands
1500 32` first cuts the word table into bands: that many frequent words with rows of their own, the
others with factors of that rank.
"""

import argparse
import json
import os
import pathlib
import platform
import sys
import time

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

import lrkeras
from lrkeras import structures
from lrkeras.models import registry
from lrkeras.rounding.least_squares import largest_integer
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions
from lrkeras.tasks.word_prediction.config import PRESETS
from lrkeras.tasks.word_prediction.perplexity import Perplexity
from lrkeras.tasks.word_prediction.token_windows import TokenWindows
from lrkeras.tasks.word_prediction.training import load_corpus

MODEL = "word_prediction_cifg"
RELEASED = pathlib.Path(__file__).parents[1] / "release" / "models"


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    require_paths(reads=[options.data], writes=[options.out])
    words = sys.argv[1:] if arguments is None else arguments
    config = PRESETS["keyboard"]
    train_ids, valid_ids, vocabulary = load_corpus(config, options.data)
    sizes = {"window": config.window, "first_id": vocabulary.end_id}
    valid = TokenWindows(valid_ids[: options.valid_tokens], batch_size=256, **sizes)
    train = TokenWindows(
        train_ids,
        batch_size=config.batch_size,
        seed=options.seed,
        unknown_id=vocabulary.unknown_id,
        unknown_rate=config.unknown_rate,
        steps_per_epoch=options.every,
        **sizes,
    )
    model = registry.load(MODEL, RELEASED)
    rows = [_row("float", _perplexity(model, valid))]
    if options.bands:
        model = with_bands(model, train_ids, *options.bands)
        rows.append(_row("bands", _perplexity(model, valid)))
    copy = lrkeras.quantize_aware(model)
    rows.append(_row("four bits, untrained", _perplexity(copy, valid)))
    _largest_as_scale(copy)
    rows.append(_row("four bits, largest entry as scale", _perplexity(copy, valid)))
    copy.fit_scales()
    rows += tune(copy, train, valid, options)
    result = {
        "command": " ".join(["python tools/benchmarks/tune_four_bits.py", *map(str, words)]),
        "machine": describe_machine(),
        "load_average": load_average(),
        "python": platform.python_version(),
        "versions": package_versions(),
        "model": MODEL,
        "valid_tokens": len(valid_ids[: options.valid_tokens]),
        "learning_rate": options.rate,
        "decay": options.decay,
        "batch_size": config.batch_size,
        "window": config.window,
        "refit_every": options.refit,
        "bands": options.bands,
        "rows": rows,
    }
    write_json(options.out, result)
    if options.keras:
        copy.save(options.keras)
    return result


def with_bands(model, ids, whole, rank):
    """The model with its word table in two bands, fitted by how often words occur in a text."""
    words = model.get_layer("words").input_dim
    bands = structures.FrequencyBands(sizes=(whole, words - whole), ranks=(None, rank))
    counts = np.bincount(ids, minlength=words)
    return lrkeras.compress(model, bands, include="words.embeddings", frequencies=counts)[0]


def tune(copy, train, valid, options):
    """Trains with rounded weights; a row every so many batches."""
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    rate = options.rate
    if options.decay:
        rate = keras.optimizers.schedules.CosineDecay(rate, options.batches, alpha=0.05)
    copy.compile(keras.optimizers.Adam(rate, global_clipnorm=1.0), loss)
    rows, spent = [], 0.0
    for epoch in range(options.batches // options.every):
        train.epoch = epoch
        begin = time.perf_counter()
        for number in range(options.every):
            if options.refit and (epoch * options.every + number) % options.refit == 0:
                copy.fit_scales()
            copy.train_on_batch(*train[number])
        spent += time.perf_counter() - begin
        batches = (epoch + 1) * options.every
        perplexity = _perplexity(copy, valid)
        rows.append(_row("four bits, tuned", perplexity, batches=batches, seconds=round(spent, 1)))
    return rows


def _row(name, perplexity, **more):
    row = {"name": name, **more, "perplexity": perplexity}
    print(json.dumps(row), flush=True)
    return row


def _perplexity(model, valid):
    metric = Perplexity()
    for number in range(valid.num_batches):
        x, y, weights = valid[number]
        metric.update_state(y, model.predict_on_batch(x), weights)
    return float(metric.result())


def _largest_as_scale(copy):
    """The usual choice of scales."""
    for name, rounded in copy.rounded_weights().items():
        weight = copy.weight_of(name)
        axes = tuple(a for a, size in enumerate(rounded.scale.shape) if size == 1)
        largest = np.abs(keras.ops.convert_to_numpy(weight.variable)).max(axis=axes, keepdims=True)
        copy.scale_of(name).assign(largest / largest_integer(copy.bits))


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--batches", type=int, default=300, help="batches of the tuning")
    parser.add_argument("--every", type=int, default=50, help="batches between two measurements")
    parser.add_argument(
        "--rate",
        type=float,
        default=2e-4,
        help="learning rate of Adam",
    )
    parser.add_argument("--decay", action="store_true", help="whether the rate falls, to 5 %%")
    parser.add_argument("--refit", type=int, help="batches between two fits of the scales")
    parser.add_argument("--valid-tokens", type=int, help="validation words; all if left out")
    parser.add_argument(
        "--bands", type=int, nargs=2, metavar=("WORDS", "RANK"), help="whole rows, rank of the rest"
    )
    parser.add_argument("--seed", type=int, default=0, help="of the batches")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    parser.add_argument("--keras", type=pathlib.Path, help="the tuned model to write")
    return parser


if __name__ == "__main__":
    main()
