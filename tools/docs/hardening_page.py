"""A hook of mkdocs: hardening.md has the tables of what was tried against the package."""

import json
import pathlib

from fill_in import fill_in, table

DATA = pathlib.Path(__file__).parents[2] / "docs/results/data"


def on_page_markdown(markdown, page, **_):
    """Fills in the tables."""
    return fill_in(markdown, page, "hardening.md", contents)


def contents():
    """The tables by their places."""
    return {
        "the random models": _random_models(_read("random_models")),
        "the hostile files": _hostile(_read("hostile_files")["rows"]),
        "the kills and disks": _faults(
            _read("hardening_kill")["rows"], _read("hardening_disk")["rows"]
        ),
        "the long runs": _long(_read("long_runs")["rows"]),
        "the extreme numbers": _numbers(_read("extreme_numbers")["rows"]),
    }


def _read(name):
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


def _random_models(report):
    words = ("tried", "agree", "refused", "wrong")
    rows = [[row["quantize"], *(row[word] for word in words)] for row in report["rows"]]
    rows.append(["all", *(sum(row[word] for row in report["rows"]) for word in words)])
    reasons = [
        [reason["models"], text.replace("|", "\\|").replace("<", "&lt;")]
        for text, reason in report["reasons"].items()
    ]
    return (
        table(["", *words], rows)
        + "\n\nWhy files were refused, numbers as 0:\n\n"
        + table(["models", "reason"], reasons)
    )


def _hostile(rows):
    words = ("tried", "refused", "accepted", "crashed", "wrong", "seconds", "slowest_seconds")
    made = [
        [row["kind"], row["door"], *(row[word] for word in words), row["peak_bytes"] >> 20]
        for row in rows
    ]
    heads = ["file", "door", *(word.replace("_", " ") for word in words), "peak, MiB"]
    return table(heads, made)


def _faults(kills, disks):
    words = ("tried", "refused", "crashed", "wrong", "seconds")
    named = [(f"kill -9: {name}", row) for name, row in kills.items()]
    named += [(f"disk: {name}", row) for name, row in disks.items()]
    return table(
        ["", *words], [[name, *(row.get(word, "not run") for word in words)] for name, row in named]
    )


def _long(rows):
    made = [
        [
            row["part"].replace("_", " "),
            f"{row['count']:,}",
            "yes" if row["equal"] else "NO",
            f"{100 * (row['growth'] - 1):.1f} %",
            row["seconds"],
        ]
        for row in rows
    ]
    return table(["", "times", "equal", "memory after the first tenth", "seconds"], made)


def _numbers(rows):
    kinds = list(rows[0]["error"])
    made = []
    for row in rows:
        told = row.get("error")
        figures = (
            [*(told[kind] for kind in kinds), row["first_tenth"], row["last_tenth"]]
            if told
            else ["refused", *["-"] * (len(kinds) + 1)]
        )
        made.append([row["cell"], row["quantize"], *figures, ", ".join(row["wrong"]) or "-"])
    return table(["cell", "", *kinds, "first tenth", "last tenth", "wrong"], made)
