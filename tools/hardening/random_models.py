"""Converts random models and holds each file against Keras, or reads why it was refused.

    .venv/bin/python tools/hardening/random_models.py [--count 500] [--seed 0] [--out docs/results/data/random_models.json]

Cells, structures, forms, quantisations, runtimes, masks, batches, encoders with decoders and odd sizes are drawn alike for a seed. A row of the
report is a quantisation; a model is wrong if the file differs from Keras, or something other than `ConversionError` or `ValueError` is raised.
Reasons of refusals are listed with how many had them. Exits with 1 if a model is wrong. tests/export/test_random_models.py has the daily ones.
"""

from __future__ import annotations

import argparse
import collections
import json
import os
import pathlib
import sys
import tempfile
import time
from typing import Any

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np

from lrkeras import StepRunner, convert, layers, structures
from lrkeras.compression.sparsify import sparsify
from lrkeras.export import ConversionError, Seq2SeqRunner
from lrkeras.export.quantization import INT4
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner

KL = keras.layers
QUANTIZE = (None, "float16", "int8", "int4", "int8_full")
# Of the largest output. Weights of 8 bits are off by half a quantum of 127, and errors add up over the steps; files of four bits are
# held against the model with rounded weights; int8_full rounds everything.
TOLERANCES = {None: 5e-5, "float16": 0.02, "int8": 0.15, "int4": 0.15, "int8_full": 0.4}
# The sizes at which blocks, vectors and tables end: 4081 words are 255 sixteens and one.
SIZES, WIDTHS, WORDS = (1, 7, 16, 32, 255, 257), (1, 7, 16, 255), (20, 257, 4081)
STRUCTURES = (
    None,
    "low_rank",
    "hybrid",
    "kronecker",
    "monarch",
    "toeplitz_like",
    structures.Kronecker(terms=2),
    structures.doped("kronecker", density=0.1),
    structures.doped("kronecker", density=0.1, block=(1, 16)),
    structures.doped("low_rank", density=0.1, block=(1, 16)),
)
RUNTIMES = ("latest", "2.14", "2.16")


def main(arguments: list[str] | None = None) -> int:
    """Runs, writes or prints the report, and says whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument(
        "--seed", type=int, default=0, help="of the first model; the next has the next"
    )
    parser.add_argument("--out", type=pathlib.Path, help="a report that is there is added to")
    options = parser.parse_args(arguments)
    words = [
        "python tools/hardening/random_models.py",
        f"--count {options.count}",
        f"--seed {options.seed}",
    ]
    before = (
        json.loads(options.out.read_text(encoding="utf-8"))
        if options.out and options.out.exists()
        else None
    )
    report = run(range(options.seed, options.seed + options.count), " ".join(words), before)
    if options.out:
        from lrkeras.system.json_file import write_json

        write_json(options.out, report)
    else:
        print(json.dumps(report, indent=1))
    return 1 if report["wrong"] else 0


def run(seeds: range, command: str, before: dict[str, Any] | None = None) -> dict[str, Any]:
    """The report on the models of these seeds, added to the one before."""
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.versions import package_versions

    report = before or {"commands": [], "seconds": 0, "rows": [], "reasons": {}, "wrong": []}
    rows = {row["quantize"]: collections.Counter(row) for row in report["rows"]}
    begin = time.perf_counter()
    for seed in seeds:
        word, quantize, told = outcome(seed)
        row = rows.setdefault(str(quantize or "float32"), collections.Counter())
        row.update({word: 1, "tried": 1})
        if word == "refused":
            reason = report["reasons"].setdefault(told, {"models": 0, "first_seed": seed})
            reason["models"] += 1
        if word == "wrong":
            report["wrong"].append({"seed": seed, "quantize": quantize, "told": told})
            print(report["wrong"][-1], file=sys.stderr, flush=True)
        keras.backend.clear_session()
    report["rows"] = [
        {**{word: row[word] for word in ("tried", "agree", "refused", "wrong")}, "quantize": name}
        for name, row in rows.items()
    ]
    report["reasons"] = dict(sorted(report["reasons"].items(), key=lambda item: -item[1]["models"]))
    report["commands"].append(command)
    report["seconds"] += round(time.perf_counter() - begin)
    return report | {"machine": describe_machine(), "versions": package_versions()}


def outcome(seed: int) -> tuple[str, str | None, str]:
    """`agree`, `refused` or `wrong`, the quantisation, and what was told."""
    rng = np.random.default_rng(seed)
    keras.utils.set_random_seed(seed)
    quantize = pick(rng, QUANTIZE)
    try:
        with tempfile.TemporaryDirectory() as folder:
            file = pathlib.Path(folder) / "model.tflite"
            error = (_translator if rng.random() < 0.15 else _stack)(rng, quantize, file)
    except (ConversionError, ValueError) as refusal:
        return "refused", quantize, _plain(str(refusal))
    except Exception as fault:
        return "wrong", quantize, f"{type(fault).__name__}: {fault}"[:500]
    agrees = error <= TOLERANCES[quantize]
    return (
        "agree" if agrees else "wrong",
        quantize,
        "" if agrees else f"error {error:.3g} of the largest output",
    )


def _plain(message: str) -> str:
    """The first sentence of a refusal without its numbers and names, to count alike ones."""
    first = message.partition(". ")[0]
    return "".join("0" if letter.isdigit() else letter for letter in first)[:160]


def pick(rng: np.random.Generator, options: Any) -> Any:
    """One of the options."""
    return options[rng.integers(len(options))]


def matrices(rng: np.random.Generator, joint: bool) -> dict:
    """Arguments of a layer that say what its matrices are."""
    if joint and rng.random() < 0.4:
        chosen = {"joint_structure": pick(rng, STRUCTURES)}
    else:
        chosen = {f"{role}_structure": pick(rng, STRUCTURES) for role in ("kernel", "recurrent")}
    return {**chosen, "gate_layout": pick(rng, ("per_gate", "stacked"))}


def _recurrent(rng: np.random.Generator, can_stream: bool) -> keras.layers.Layer:
    units = int(pick(rng, SIZES))
    shared: dict[str, Any] = {"return_sequences": True}
    shared |= {
        "use_bias": bool(rng.random() < 0.8),
        "zero_output_for_mask": bool(rng.random() < 0.3),
    }
    plain = {"return_sequences": True}
    kinds = [
        lambda: KL.LSTM(
            units, recurrent_activation=pick(rng, ("sigmoid", "hard_sigmoid")), **shared
        ),
        lambda: KL.GRU(units, reset_after=bool(rng.random() < 0.5), **shared),
        lambda: KL.SimpleRNN(units, activation=pick(rng, ("tanh", "relu")), **shared),
        lambda: KL.RNN([KL.LSTMCell(units), KL.SimpleRNNCell(units)], **plain),
        lambda: KL.RNN(layers.CIFGCell(units, 16), **plain),
        lambda: layers.GRU(units, **shared, **matrices(rng, joint=False)),
        lambda: layers.RHN(units, depth=2, **shared, **matrices(rng, joint=False)),
        lambda: layers.LSTM(
            units, projection_units=pick(rng, (None, 16)), **shared, **matrices(rng, joint=True)
        ),
        lambda: layers.LSTM(units, **shared, **matrices(rng, joint=True)),
    ]
    if not can_stream:
        kinds.append(lambda: KL.Bidirectional(KL.LSTM(units, return_sequences=True)))
    return pick(rng, kinds)()


def _between(rng: np.random.Generator) -> keras.layers.Layer:
    kinds = (
        lambda: KL.Dense(int(pick(rng, SIZES)), activation="relu"),
        KL.LayerNormalization,
        KL.BatchNormalization,
        lambda: KL.Dropout(0.5),
        lambda: layers.Dense(32, kernel_structure=pick(rng, STRUCTURES[:5])),
    )
    return pick(rng, kinds)()


def _stack(rng: np.random.Generator, quantize: str | None, file: pathlib.Path) -> float:
    """The error of a file of recurrent layers one after the other."""
    tokens, chunk, batch = (
        rng.random() < 0.5,
        int(rng.integers(2, 4)),
        int(pick(rng, (1, 1, 1, 3))),
    )
    form = pick(rng, ("step", "step", "chunk", "sequence"))
    width, words = int(pick(rng, WIDTHS)), int(pick(rng, WORDS))
    stack = [keras.Input((None,), dtype="int32") if tokens else keras.Input((None, width))]
    if tokens:
        stack.append(KL.Embedding(words, width, mask_zero=bool(rng.random() < 0.5)))
    elif rng.random() < 0.3:
        stack.append(KL.Masking(0.0))
    for _ in range(rng.integers(1, 3)):
        stack.append(_recurrent(rng, form != "sequence"))
        if rng.random() < 0.4:
            stack.append(_between(rng))
    model = keras.Sequential([*stack, KL.Dense(int(pick(rng, (1, 5, 257))))])
    _nonzero_biases(model, rng)
    if structures.find_structures(model, structures.Sparse):
        sparsify(model)
    steps = 2 * chunk
    shape = (batch, steps) if tokens else (batch, steps, width)
    xs = (
        rng.integers(0, words, shape).astype("int32")
        if tokens
        else rng.normal(size=shape).astype("float32")
    )
    sample = None
    if quantize == "int8_full":
        many = (32, *shape[1:])
        sample = (
            rng.integers(0, words, many).astype("int32")
            if tokens
            else rng.normal(size=many).astype("float32")
        )
    name = f"chunk_{chunk}" if form == "chunk" else form
    convert(
        model,
        file,
        form=name,
        quantize=quantize,
        runtime=pick(rng, RUNTIMES),
        steps=steps,
        batch=batch,
        sample=sample,
    )
    return max(_error_of(file, form, model, quantize, xs, xnnpack) for xnnpack in (True, False))


def _error_of(
    file: pathlib.Path,
    form: str,
    model: keras.Model,
    quantize: str | None,
    xs: np.ndarray,
    xnnpack: bool,
) -> float:
    wanted = _reference(model, quantize).predict(xs, verbose=0)
    if form == "sequence":
        runner = SignatureRunner(open_interpreter(file, use_xnnpack=xnnpack), "sequence")
        (found,) = runner({runner.input_names[0]: xs}, {})[0].values()
    else:
        found = StepRunner(file, use_xnnpack=xnnpack).run(xs)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def _translator(rng: np.random.Generator, quantize: str | None, file: pathlib.Path) -> float:
    """The error of a file of an encoder and a decoder."""
    kind, units, words = pick(rng, ("LSTM", "GRU")), int(pick(rng, SIZES)), int(pick(rng, WORDS))
    mask, attention, length = bool(rng.random() < 0.5), rng.random() < 0.5, 6
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    options = {"return_sequences": True, "return_state": True}
    given = KL.Embedding(words, 12, mask_zero=mask)(source)
    memory, *states = getattr(KL, kind)(units, **options)(given)
    hidden, *_ = getattr(KL, kind)(units, **options)(
        KL.Embedding(words, 12, mask_zero=mask)(target),
        initial_state=states if len(states) > 1 else states[0],
    )
    if attention:
        hidden = KL.Concatenate()([hidden, KL.Attention()([hidden, memory])])
    model = keras.Model([source, target], KL.Dense(words)(hidden))
    _nonzero_biases(model, rng)
    convert(
        model, file, form="seq2seq", quantize=quantize, runtime=pick(rng, RUNTIMES), steps=length
    )
    sources, targets = (rng.integers(1, words, (1, length)) for _ in range(2))
    wanted = _reference(model, quantize).predict([sources, targets], verbose=0)
    runner = Seq2SeqRunner(file)
    runner.encode(sources)
    found = np.concatenate([runner.decode(int(token)) for token in targets[0]], axis=1)
    return float(np.abs(found - wanted).max() / np.abs(wanted).max())


def _reference(model: keras.Model, quantize: str | None) -> keras.Model:
    return RoundedSource.of(model, INT4).model if quantize == "int4" else model


def _nonzero_biases(model: keras.Model, rng: np.random.Generator) -> None:
    for weight in model.weights:
        if "bias" in weight.path:
            weight.assign(0.3 * rng.normal(size=weight.shape))


if __name__ == "__main__":
    sys.exit(main())
