"""Writes the page of what `tune_tasks.py` found.

    python tools/benchmarks/tune_page.py docs/results

Reads `docs/results/data/tune_TASK.json` and writes `docs/results/tune.md`.
"""

import json
import pathlib
import sys

from lrkeras.system.markdown_table import markdown_table
from lrkeras.tuning.tune_report import kind_of

TASKS = {
    "clinc150": (
        "Intents: a bidirectional LSTM over words",
        "150 intents of sentences to an assistant (clinc150, CC BY 3.0): 12,000 to train on, 3,000 "
        "to choose on, the 3,000 of its development part to judge on. A table of 5,000 words of 96 "
        "numbers, an LSTM of 96 units in each direction.",
    ),
    "turbofan": (
        "A public model: will an engine fail within 30 cycles?",
        "LSTMs of 100 and 50 units over windows of 50 cycles and 25 sensors, published with its "
        "weights (umbertogriffo/Predictive-Maintenance-using-LSTM, MIT), trained further on engines that "
        "are made up: wear that grows to a threshold, flight settings, noise. Parts are of engines "
        "that the others do not have.",
    ),
    "ptb_characters": (
        "The next character",
        "The Penn Treebank's text in characters, windows of 64: an LSTM of 192 units after 12 passes over "
        "512,000 characters, which is short of what it could learn.",
    ),
}
_KINDS = {
    "the model itself": "dense, as it is",
    'compress("auto")': '`compress("auto")`, trained as long',
    "even cut": "an even low-rank cut, trained as long",
    "small dense, distilled": "small dense from random weights, distilled as long",
    "fewer units": "fewer units, distilled as long",
    "structures": "other structures",
}


def page(folder: pathlib.Path) -> str:
    """The page, of the results that the folder has."""
    parts = [_HEAD]
    for name, (title, what) in TASKS.items():
        file = folder / "data" / f"tune_{name}.json"
        if file.exists():
            parts += _task(name, title, what, json.loads(file.read_text(encoding="utf-8")))
    return "\n\n".join([*parts, ""])


_HEAD = """# What `tune` finds

Three models that are trained already, a budget for each, and [`lrkeras tune`](../tune.md). All
trials of a task train as long, on the data and on the model as a teacher; the quality is that of the file, and the winner is chosen
on validation data. The differences below are on test data, which nothing was chosen on, judged once; the intervals are a bootstrap
over 64 parts of them. Small models from random weights have as few epochs as the others, which is little for them: "fewer units",
which starts from the trained weights, is the rival to beat.

What comes of it: a plain low-rank cut in int8 wins for the classifier of sentences, fewer units in int4 for the characters, and for the
sensors everything is level at this size. `compress("auto")` with the same training is behind in two of three. Nobody could have told
beforehand."""


def _task(name: str, title: str, what: str, content: dict) -> list[str]:
    trials, found = content["trials"], content["budgets"][0]
    itself, winner = trials[0], trials[found["winner"]]
    more = content["more_is_better"]
    rows = [_row(winner, f"**the winner: {winner['recipe']['label']}**", "")]
    for rival in found["test"]["rivals"]:
        trial = trials[rival["trial"]]
        worse = rival["high"] < 0 if more else rival["low"] > 0
        better = rival["low"] > 0 if more else rival["high"] < 0
        said = "worse" if worse else ("better" if better else "no clear difference")
        interval = (
            f"{rival['difference']:+.3g} ({rival['low']:+.3g} to {rival['high']:+.3g}): {said}"
        )
        label = f"{_KINDS[kind_of(trial)]} ({trial['recipe']['label']})"
        rows.append(_row(trial, label, interval))
    states = [trial["state"] for trial in trials]
    counts = ", ".join(f"{states.count(state)} {state}" for state in dict.fromkeys(states))
    missing = [
        f"{trial['recipe']['label']}: {trial['why']}"
        for trial in trials
        if trial["is_rival"] and trial["state"] not in ("done", "stopped")
    ]
    lines = [
        f"## {title}",
        what,
        f"The model itself in int8 takes {itself['bytes']:,} bytes, {content['objective']} "
        f"{itself['quality']:.4g}. The budget: {found['budget']}. {len(trials)} trials ({counts}) "
        f"in {content['minutes_of_trials']:.0f} minutes of one core of {content['machine']}; "
        f"`{content['command']}`.",
        markdown_table(["file", "bytes", "of its time", "test", "less the winner's (95 %)"], rows),
    ]
    if missing:
        lines.append("Not possible: " + "; ".join(missing) + ".")
    return [*lines, f"![{content['objective']} against bytes and time](tune_{name}.png)"]


def _row(trial: dict, label: str, interval: str) -> list[str]:
    return [label, f"{trial['bytes']:,}", f"{trial['ratio']:.2f}", f"{trial['test']:.4g}", interval]


if __name__ == "__main__":
    results = pathlib.Path(sys.argv[1])
    (results / "tune.md").write_text(page(results), encoding="utf-8")
