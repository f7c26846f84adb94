"""A hook of mkdocs: results/speech.md has the tables of the models of spoken commands."""

import json
import pathlib

from fill_in import fill_in, table

DATA = pathlib.Path(__file__).parents[2] / "docs/results/data/speech_commands.json"
STARTS = DATA.with_name("speech_commands_starts.json")
LABELS = {
    "dense": "dense, 160 units",
    "toeplitz_shared": "shared low rank above Toeplitz-like, 128 units",
    "small_dense": "small dense, 88 units",
    "projected_cifg": "projected CIFG, 136 units to 64",
    "doped_kronecker": "doped Kronecker, 160 units",
}


def on_page_markdown(markdown, page, **_):
    """Fills in the tables."""
    return fill_in(markdown, page, "results/speech.md", contents)


def contents():
    """The tables by their places."""
    told = json.loads(DATA.read_text(encoding="utf-8"))
    seeds = told["over_seeds"]
    rows = {name: row for name, row in seeds["rows"].items() if "bytes" in row}
    return {
        "the models": _models(rows),
        "how well they hear": _scores(rows),
        "the seeds": _by_seed(rows),
        "the false words": _false_words(rows),
        "the shares of the teacher": _shares(seeds["shares"]),
        "the starts": _starts(json.loads(STARTS.read_text(encoding="utf-8"))["rows"]),
        "the speakers left out": _left_out(told["leave_one_out"]),
    }


def _models(rows):
    dense = rows["dense"]
    cells = [
        [
            LABELS[name],
            f"{row['parameters']:,}",
            row["quantize"],
            f"{row['bytes'] / 1e3:.0f} KB",
            f"{row['bytes'] / dense['bytes']:.2f}",
            _times(row, dense),
            f"{row['minutes_of_a_core']:.0f}",
        ]
        for name, row in rows.items()
    ]
    heads = [
        "",
        "parameters",
        "type",
        "file",
        "bytes, of dense",
        "a step, of dense (warm, cold)",
        "training, minutes of a core",
    ]
    return table(heads, cells)


def _times(row, dense):
    """Warm and cold, as shares of dense, if `--times` measured them."""
    return ", ".join(f"{row[k] / dense[k]:.2f}" for k in ("warm_us", "cold_us") if k in row)


def _interval(score):
    mean, low, high = (100 * score[key] for key in ("mean", "low", "high"))
    return f"{mean:.1f} % [{low:.1f}, {high:.1f}]"


def _difference(score):
    """Points more than dense; in bold where the interval leaves out zero."""
    if "over_dense" not in score:
        return ""
    mean, low, high = (100 * score["over_dense"][key] for key in ("mean", "low", "high"))
    cell = f"{mean:+.1f} [{low:+.1f}, {high:+.1f}]"
    return f"**{cell}**" if low > 0 or high < 0 else cell


def _scores(rows):
    cells = []
    for name, row in rows.items():
        told = [LABELS[name]]
        for score in ("accuracy", "word_errors"):
            told += [_interval(row[score]), "" if name == "dense" else _difference(row[score])]
        cells.append([*told, f"{100 * row['digits']['mean']:.1f} %"])
    against = "against dense, points"
    heads = ["", "12 classes", against, "word errors", against, "digits of a held-out speaker"]
    return table(heads, cells)


def _by_seed(rows):
    seeds = list(rows["dense"]["accuracy"]["by_seed"])

    def cell(row, seed):
        scores = [row[score]["by_seed"].get(seed) for score in ("accuracy", "word_errors")]
        return "missing" if None in scores else ", ".join(f"{100 * one:.1f}" for one in scores)

    heads = ["12 classes, word errors, %", *(f"seed {seed}" for seed in seeds)]
    return table(heads, [[LABELS[n], *(cell(row, s) for s in seeds)] for n, row in rows.items()])


def _rate(score, noise="false_words"):
    false = score[noise]
    return f"{false['per_hour']:.0f} [{false['low']:.0f}, {false['high']:.0f}]"


def _false_words(rows):
    cells = []
    for name, row in rows.items():
        quiet = row["quiet"]
        biases = ", ".join(f"{bias:g}" for bias in quiet["blank_bias"].values())
        scores = [f"{100 * quiet[key]['mean']:.1f} %" for key in ("accuracy", "word_errors")]
        told = [row["false_words"]["events"], _rate(row), biases, quiet["false_words"]["events"]]
        made_up = _rate(quiet, "false_words_made_up")
        cells.append([LABELS[name], *told, _rate(quiet), made_up, ", ".join(scores)])
    heads = ["", "false words", "an hour", "bias, by seed", "then", "an hour", "of made-up noise"]
    return table([*heads, "12 classes, word errors then"], cells)


def _shares(shares):
    found = shares["valid_accuracy"]
    heads = ["the teacher's share of the loss", *found]
    return table(heads, [["validation clips", *(f"{100 * one:.1f} %" for one in found.values())]])


def _starts(rows):
    seeds = sorted({seed for row in rows for seed in row["valid_accuracy"]})
    cells = []
    for row in rows:
        found = [row["valid_accuracy"].get(seed) for seed in seeds]
        shares = ["" if one is None else f"{100 * one:.1f} %" for one in found]
        cells.append([LABELS[row["model"]], row["start"], str(row["epochs"]), *shares])
    return table(["validation clips", "from", "epochs", *(f"seed {seed}" for seed in seeds)], cells)


def _left_out(left_out):
    found = {**left_out["accuracy"], "mean": left_out["mean"]}
    return table(
        ["speaker", *found], [["digits", *(f"{100 * one:.0f} %" for one in found.values())]]
    )
