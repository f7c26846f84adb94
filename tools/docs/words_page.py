"""A hook of mkdocs: results/words.md has the tables of the keyboard's models."""

import json
import pathlib

from fill_in import fill_in, table

DATA = pathlib.Path(__file__).parents[2] / "docs/results/data"
LABELS = {
    "frequency list": "**a frequency list alone** (no model)",
    "kneser_ney_5gram": "Kneser-Ney 5-gram, pruned (IRSTLM)",
    "word_prediction_teacher_int8": "teacher, dense 2 x 650",
    "word_prediction_cifg_int8": "CIFG 670, projection 96 (Hard et al. 2018)",
    "word_prediction_cifg_int4": "CIFG, four bits",
    "word_prediction_small_dense_int8": "small dense, 290",
    "word_prediction_small_dense_float32": "small dense, float32",
    "word_prediction_low_rank_int8": "low rank 2 x 650",
    "word_prediction_doped_kp_int8": "doped Kronecker 2 x 650",
    "word_prediction_hybrid_int8": "hybrid 2 x 650",
    "word_prediction_pruned_int8": "magnitude pruning (1x16) 2 x 650",
    "word_prediction_chat_int8": "**chat**, CIFG with 20,000 words",
    "word_prediction_chat_int4": "**chat, four bits**",
}
TEXTS = {
    "sms_valid": "messages, validation",
    "sms_test": "messages, test",
    "dialogues": "turns",
    "articles": "articles",
}


def on_page_markdown(markdown, page, **_):
    """Fills in the tables."""
    return fill_in(markdown, page, "results/words.md", contents)


def contents():
    """The tables by their places."""
    compared = _read("keyboard_compared")["models"]
    return {
        "the sizes and times": _sizes(_read("word_prediction")["models"], _timed()),
        "the keystrokes saved": _shares(compared, "keystrokes_saved"),
        "the next words among three": _shares(compared, "top3"),
        "the words that cannot be suggested": _unknown(compared),
        "the sub-words": _sub_words(_read("sub_words")["models"]["word_prediction_chat_int8"]),
    }


def _read(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _timed():
    """The times of a step by the names of files."""
    rows = _read("keyboard_compared_time")["files"]
    return {pathlib.Path(row["path"]).stem: row for row in rows}


def _sizes(measured, timed):
    rows = []
    for name, row in measured.items():
        keys = row.get("keystroke_us")
        step = timed.get(name)
        rows.append(
            [
                LABELS[name],
                f"{row['bytes'] / 1e6:.2f} MB",
                f"{step['step_us']:.0f}" if step else "",
                f"{step['cold_us']:.0f}" if step else "",
                f"{keys['p50'] / 1e3:.2f} / {keys['p90'] / 1e3:.2f}" if keys else "",
            ]
        )
    heads = ["", "file", "a step, us", "with cold caches, us", "keystroke, ms (p50 / p90)"]
    return table(heads, rows)


def _shares(models, share):
    """A row a model: its share on each text, and what it differs by from the first model."""
    first = next(iter(models))
    rows = []
    for name, model in models.items():
        cells = [_cell(model["texts"][kind][share], name == first) for kind in TEXTS]
        rows.append([LABELS[name], *cells])
    return table(["", *TEXTS.values()], rows)


def _cell(told, is_first):
    share = f"{100 * told['share']:.1f} %"
    if is_first:
        return share
    low, high = (100 * bound for bound in told["interval"])
    cell = f"{share} ({low:+.1f} to {high:+.1f})"
    return f"**{cell}**" if low > 0 else cell


def _unknown(models):
    """Models of one vocabulary are one row."""
    rows = {}
    for name, model in models.items():
        if name in ("frequency list", "kneser_ney_5gram"):
            continue
        cells = tuple(f"{100 * model['texts'][kind]['oov_rate']['share']:.1f} %" for kind in TEXTS)
        rows.setdefault(cells, "chat" if "chat" in name else "all others")
    return table(["", *TEXTS.values()], [[label, *cells] for cells, label in rows.items()])


def _sub_words(row):
    """A row a way of completing words that the chat model lacks: its bytes, what it brings."""
    ways = {"sub_words": "spelled from sub-words", "list": f"a list of {row['list']['words']:,}"}
    rows = []
    for way, label in ways.items():
        cells = [f"{row[way]['bytes'] / 1e3:.0f} KB"]
        for split in ("valid", "test"):
            told = row[split][way]
            shares = [told[name] for name in ("before", "after", "difference")]
            before, after, difference, low, high = (100 * x for x in (*shares, *told["interval"]))
            cells.append(
                f"{before:.1f} % → {after:.1f} % ({difference:+.2f}; {low:+.2f} to {high:+.2f})"
            )
        rows.append([label, *cells])
    return table(["", "beside the model", "keystrokes, validation people", "test people"], rows)
