"""Compresses three models that others trained, in every way, and measures what is lost.

    python tools/benchmarks/compress_textgenrnn.py --data DIR --out docs/results/data/compress_textgenrnn.json

DIR holds `textgenrnn.tar.xz` (or is its folder): character-level language models, MIT licence. The
cross-entropy of the next character is over the start of the validation part of the dialogues that
come with lrkeras, which the models were not trained on; examples for the calibration and the short
fine-tuning (Adam, clipped, the same batches for every row) come from the training part. A run that
was stopped goes on where it was. `--rows` and `--models` choose some of it.
"""

import argparse
import json
import os
import pathlib
import platform
import sys
import time

EVALUATED, CALIBRATED, TUNED = 40, 300, 900  # lines of text
BATCH, RATE = 64, 1e-3


def structures_of(ratio):
    """`(structure or family, further arguments of compress)` by name of the row."""
    from lrkeras import structures as s

    def block(base):
        return s.doped(base, compression=ratio, block=(1, 16))

    rank = 4
    return {
        "low rank": (s.LowRank(compression=ratio), {}),
        "low rank, stacked gates": (s.LowRank(compression=ratio), {"gate_layout": "stacked"}),
        "semi-NMF": (s.LowRank(compression=ratio), {"method": "semi_nmf"}),
        "hybrid": (s.Hybrid(compression=ratio), {}),
        "hybrid, units as they were": (s.Hybrid(compression=ratio), {"reorder_units": False}),
        "Kronecker, several terms": (s.Kronecker(compression=ratio), {}),
        "Monarch": (s.Monarch(compression=ratio), {}),
        "Toeplitz-like": (s.ToeplitzLike(compression=ratio), {}),
        "doped Kronecker": (s.doped("kronecker", compression=ratio), {}),
        "doped low rank": (s.doped(s.LowRank(rank=rank), compression=ratio), {}),
        "doped low rank, 1x16": (block(s.LowRank(rank=rank)), {}),
        "doped low rank, 1x16, units as they were": (
            block(s.LowRank(rank=rank)),
            {"reorder_units": False},
        ),
        "magnitude pruning": (s.Sparse(compression=ratio), {}),
        "magnitude pruning, 1x16": (
            s.Sparse(compression=ratio, block=(1, 16), padding="same"),
            {},
        ),
        "auto, low rank": ([s.LowRank()], {"budget": f"{ratio}x", "gate_layout": "stacked"}),
        "auto": ("auto", {"budget": f"{ratio}x", "gate_layout": "stacked"}),
    }


# Where calibration costs minutes, or does not apply.
PLAIN_ONLY = {
    "semi-NMF",
    "Toeplitz-like",
    "hybrid, units as they were",
    "doped low rank, 1x16, units as they were",
}


class Texts:
    """Windows of characters for evaluation, calibration and fine-tuning."""

    def __init__(self, vocabulary):
        import numpy as np

        from lrkeras.datasets import words
        from lrkeras.tasks import textgenrnn

        train, valid = words.load_lines("train"), words.load_lines("valid")
        rng = np.random.default_rng(0)
        self.vocabulary = vocabulary
        self.evaluated = "\n".join(valid[:EVALUATED])
        examples, _ = textgenrnn.windows("\n".join(train[:CALIBRATED]), vocabulary)
        self.calibration = examples[rng.permutation(len(examples))[:512]]
        lines = "\n".join(train[CALIBRATED : CALIBRATED + TUNED])
        self.inputs, self.targets = textgenrnn.windows(lines, vocabulary)

    def entropy(self, model):
        """Nats a character on the text for evaluation."""
        from lrkeras.tasks import textgenrnn

        return textgenrnn.cross_entropy(model, self.evaluated, self.vocabulary)

    def tuned(self, model, steps):
        """The entropy after some steps of fine-tuning, in place."""
        import keras
        import numpy as np

        model.compile(keras.optimizers.Adam(RATE, clipnorm=1.0), "sparse_categorical_crossentropy")
        rng = np.random.default_rng(1)
        for _ in range(steps):
            chosen = rng.integers(len(self.inputs), size=BATCH)
            model.train_on_batch(self.inputs[chosen], self.targets[chosen])
        return self.entropy(model)


def measure(model, texts, name, ratio, calibrated, steps):
    """One row of the results."""
    from lrkeras import compress

    what, arguments = structures_of(ratio)[name]
    calibration = texts.calibration if calibrated else None
    begin = time.perf_counter()
    small, report = compress(model, what, calibration=calibration, **arguments)
    seconds = time.perf_counter() - begin
    before = texts.entropy(small)
    after = texts.tuned(small, steps)
    return {
        "structure": name,
        "asked_for": ratio,
        "calibrated": calibrated,
        "ratio": report.ratio,
        "ratio_with_indices": report.dense_bytes / report.bytes,
        "mean_error": sum(r.error for r in report.matrices) / len(report.matrices),
        "entropy": before,
        "entropy_tuned": after,
        "seconds": seconds,
    }


def rows_of(options):
    """`(model, structure, ratio, calibrated)` of every row."""
    names = options.rows or list(structures_of(4))
    for model in options.models:
        for ratio in options.ratios:
            for name in names:
                for calibrated in (False, True):
                    if not calibrated or not (options.plain or name in PLAIN_ONLY):
                        yield model, name, ratio, calibrated


def run(options):
    """Measures every row that is not in the file yet, and writes it after each."""
    from lrkeras.system.json_file import write_json
    from lrkeras.system.machine import describe_machine
    from lrkeras.system.versions import package_versions
    from lrkeras.tasks import textgenrnn

    results = {"dense": {}, "rows": []}
    if options.out.is_file():
        results = json.loads(options.out.read_text(encoding="utf-8"))
    results |= {
        "command": "python tools/benchmarks/compress_textgenrnn.py --data DIR --out FILE",
        "fine_tuning_steps": options.steps,
        "machine": describe_machine(),
        "python": platform.python_version(),
        "versions": package_versions(),
    }
    done = {(r["model"], r["structure"], r["asked_for"], r["calibrated"]) for r in results["rows"]}
    loaded: dict = {}
    for key in rows_of(options):
        if key in done:
            continue
        name = key[0]
        if name not in loaded:
            model, vocabulary = textgenrnn.load(options.data, name)
            loaded = {name: (model, Texts(vocabulary))}
        model, texts = loaded[name]
        if name not in results["dense"]:
            results["dense"][name] = dense_row(model, texts, options.steps)
        row = {"model": name, **measure(model, texts, *key[1:], options.steps)}
        results["rows"].append(row)
        write_json(options.out, results)
        print(json.dumps(row), flush=True)
    return results


def dense_row(model, texts, steps):
    """The model itself, before and after the same fine-tuning."""
    import keras

    copy = keras.models.clone_model(model)
    copy.set_weights(model.get_weights())
    return {"entropy": texts.entropy(model), "entropy_tuned": texts.tuned(copy, steps)}


def plot(results, path):
    """Entropy of every row against its size, before and after fine-tuning."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    names = list(dict.fromkeys(r["structure"] for r in results["rows"]))
    models = list(results["dense"])
    figure = Figure(figsize=(13, 0.36 * len(names) + 2.2), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots(1, len(models), sharey=True, squeeze=False)[0]
    for axis, model in zip(axes, models, strict=True):
        dense = results["dense"][model]
        axis.axvline(dense["entropy"], color="black", lw=1, label="dense, as it was")
        axis.axvline(dense["entropy_tuned"], color="black", lw=1, ls=":", label="dense, tuned")
        for ratio, color in ((4, "#1b4f8f"), (10, "#c2571a")):
            for calibrated, marker in ((False, "o"), (True, "^")):
                rows = [
                    r
                    for r in results["rows"]
                    if (r["model"], r["asked_for"], r["calibrated"]) == (model, ratio, calibrated)
                ]
                places = [names.index(r["structure"]) for r in rows]
                label = f"{ratio}x{', calibrated' if calibrated else ''}"
                tuned = [min(r["entropy_tuned"], 9) for r in rows]
                axis.scatter(tuned, places, color=color, marker=marker, label=f"{label}, tuned")
                axis.scatter(
                    [min(r["entropy"], 9) for r in rows],
                    places,
                    facecolors="none",
                    edgecolors=color,
                    marker=marker,
                    alpha=0.6,
                    label=f"{label}, before",
                )
        axis.set_title(model, fontsize=10)
        axis.set_xlabel("nats a character (9 stands for more)")
        axis.grid(alpha=0.25)
    axes[0].set_yticks(range(len(names)), names, fontsize=8)
    axes[0].invert_yaxis()
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    figure.savefig(path, dpi=130, facecolor="white")


def check(options):
    """Ends the program before anything is compressed if something it will need is missing."""
    from lrkeras.benchmark.plots import require_matplotlib
    from lrkeras.system.required_paths import require_paths
    from lrkeras.tasks import textgenrnn

    if unknown := sorted(set(options.models) - set(textgenrnn.NAMES)):
        sys.exit(f"error: expected --models of {', '.join(textgenrnn.NAMES)}; received {unknown}.")
    if unknown := sorted(set(options.rows or ()) - set(structures_of(4))):
        sys.exit(f"error: expected --rows of {', '.join(structures_of(4))}; received {unknown}.")
    data = pathlib.Path(options.data)
    names = [f"{name}.hdf5" for name in options.models] if data.is_dir() else []
    hint = "--data is textgenrnn.tar.xz, or the folder of what is in it."
    require_paths(
        reads=[data, *(data / name for name in names)],
        writes=[options.out, options.plot],
        hint=hint,
    )
    if options.plot:
        require_matplotlib()


def main():
    """Runs the command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", required=True, help="textgenrnn.tar.xz or its folder")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--plot", type=pathlib.Path, help="a PNG file")
    parser.add_argument("--steps", type=int, default=40, help="of fine-tuning (default: 40)")
    parser.add_argument("--ratios", type=int, nargs="+", default=[4, 10])
    parser.add_argument("--plain", action="store_true", help="leave out the calibrated rows")
    parser.add_argument("--rows", nargs="+", help="names of structures; left out, all")
    parser.add_argument(
        "--models",
        nargs="+",
        default=["textgenrnn_weights", "reddit_apple_android", "hacker_news"],
    )
    options = parser.parse_args()
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    check(options)
    results = run(options)
    if options.plot:
        plot(results, options.plot)


if __name__ == "__main__":
    main()
