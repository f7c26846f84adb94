"""What a search found."""

from __future__ import annotations

import dataclasses
import json
import os
from typing import TYPE_CHECKING, Any

from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.system.atomic_write import written_whole
from lrkeras.system.markdown_table import markdown_table
from lrkeras.tuning.file_score import interval

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclasses.dataclass(frozen=True)
class TuneReport:
    """The trials of a search, and the best file for each budget.

    Attributes:
        objective: What quality is.
        more_is_better: Whether it is to be large.
        budgets: For each: `budget`, `winner` (number of a trial, or None where no file is within
            it), `file`, `keras`, and `rivals`: for the best file of each other kind, `difference`
            (its objective less the winner's), `low` and `high` (95 % of a bootstrap over parts of
            the validation data), and `verdict`; and, where there are test data, `test`: `quality`
            of the winner and, for each rival, `trial`, `difference`, `low` and `high` on them.
        front: Numbers of the trials that no other beats in quality, bytes and time at once.
        trials: What is known of each.
        settings, machine, versions: Of the search.
    """

    objective: str
    more_is_better: bool
    budgets: list[dict[str, Any]]
    front: list[int]
    trials: list[dict[str, Any]]
    settings: dict[str, Any]
    machine: str
    versions: dict[str, str]

    def to_json(self) -> str:
        """The report as JSON."""
        return json.dumps(dataclasses.asdict(self), indent=1)

    def to_markdown(self) -> str:
        """The report as Markdown."""
        return "\n\n".join(
            [
                "# What `tune` found",
                f"{len(self.trials)} trials by `{self.objective}`, told by running each file on "
                f"the validation data. {self.machine}; "
                + ", ".join(f"{name} {version}" for name, version in self.versions.items())
                + ".",
                *[self._of_budget(found) for found in self.budgets],
                "## The front\n\nNo other file is better in quality, bytes and time at once.\n\n"
                + self._table([self.trials[number] for number in self.front]),
                "![quality against bytes and time](front.png)",
                "## All trials\n\n" + self._table(self.trials, why=True),
                "Microseconds are of one call on this machine, interleaved with the model itself "
                "in int8; `ratio` is the time over that of the latter, and holds on a busy machine "
                "too. The commands that make each file are in `report.json`.\n",
            ]
        )

    def render(self) -> RenderableType:
        """Tables for a terminal."""
        from rich.console import Group
        from rich.table import Table

        parts: list[Any] = []
        for found in self.budgets:
            parts.append(_plain(self._sentence(found)))
            for rival in found["rivals"]:
                parts.append(f"  {_plain(rival['verdict'])}")
            if found.get("test"):
                parts.append(_plain(self.test_sentence(found)))
        table = Table(title="the front")
        for heading in ("trial", "what", self.objective, "bytes", "us", "ratio"):
            table.add_column(heading)
        for number in self.front:
            table.add_row(*_cells(self.trials[number]))
        return Group(*parts, table)

    def plot(self, path: str | os.PathLike) -> None:
        """Draws quality against bytes and against time, and the budgets' winners.

        Args:
            path: The PNG to write.

        Raises:
            ImportError: If matplotlib is not installed.
        """
        require_matplotlib()
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        done = [trial for trial in self.trials if trial["state"] == "done"]
        winners = {found["winner"] for found in self.budgets}
        figure = Figure(figsize=(11, 4.6), layout="constrained")
        FigureCanvasAgg(figure)
        left, right = figure.subplots(1, 2, sharey=True)
        kinds = (
            ("rivals", [t for t in done if t["is_rival"]], "s", "tab:gray"),
            ("proposals", [t for t in done if not t["is_rival"]], "o", "tab:blue"),
        )
        for axes, key, what in ((left, "bytes", "bytes of the file"), (right, "us", "us a call")):
            for label, trials, marker, colour in kinds:
                if trials:
                    x, y = [t[key] for t in trials], [t["quality"] for t in trials]
                    axes.scatter(x, y, marker=marker, c=colour, label=label, alpha=0.8)
            best = [t for t in done if t["number"] in winners]
            axes.scatter(
                [t[key] for t in best],
                [t["quality"] for t in best],
                marker="*",
                s=220,
                c="tab:red",
                label="winner",
            )
            front = sorted((self.trials[n] for n in self.front), key=lambda t: t[key])
            for trial in front:
                axes.annotate(str(trial["number"]), (trial[key], trial["quality"]), fontsize=8)
            axes.set_xscale("log")
            for axis in (axes.xaxis.set_major_formatter, axes.xaxis.set_minor_formatter):
                axis(
                    lambda value, place: f"{value:,.4g}" if value < 1e4 else f"{value / 1e3:,.0f}k"
                )
            axes.tick_params(axis="x", which="both", labelsize=8, rotation=30)
            axes.set_xlabel(what)
            axes.grid(alpha=0.3)
        left.set_ylabel(f"{self.objective} through the file")
        right.legend()
        with written_whole(path) as draft:
            figure.savefig(draft, dpi=120)

    def _of_budget(self, found: dict[str, Any]) -> str:
        lines = [f"## At most {found['budget']}", self._sentence(found)]
        if found["rivals"]:
            lines.append("\n".join(f"* {rival['verdict']}" for rival in found["rivals"]))
        if found.get("test"):
            lines.append(self.test_sentence(found))
        return "\n\n".join(lines)

    def _sentence(self, found: dict[str, Any]) -> str:
        if found["winner"] is None:
            return (
                f"At most {found['budget']}: no file is within it; {found['nearest']}. Give a "
                "larger budget, or more trials."
            )
        trial = self.trials[found["winner"]]
        return (
            f"At most {found['budget']}: {trial['recipe']['label']} (trial {trial['number']}), "
            f"{self.objective} {trial['quality']:.4g}, {trial['bytes']:,} bytes, "
            f"{trial['us']:.1f} us ({trial['ratio']:.2f} of the model itself in int8): "
            f"{found['file']}"
        )

    def test_sentence(self, found: dict[str, Any]) -> str:
        """What winner and rivals of one of `budgets` do on the test data."""
        told = [f"the winner {found['test']['quality']:.4g}"]
        for rival in found["test"]["rivals"]:
            trial = self.trials[rival["trial"]]
            told.append(
                f"trial {trial['number']} ({trial['recipe']['label']}) {trial['test']:.4g}, "
                + _difference(rival["difference"], rival["low"], rival["high"])
            )
        return f"On the test data: {'; '.join(told)}."

    def _table(self, trials: list[dict[str, Any]], why: bool = False) -> str:
        headings = ["trial", "what", self.objective, "bytes", "us", "ratio"]
        rows = [[*_cells(t), *([t["state"], t.get("why") or ""] if why else [])] for t in trials]
        headings += ["state", "why"] if why else []
        return markdown_table(headings, rows)


def judged(
    trials: list[dict[str, Any]], budgets: list[Any], more_is_better: bool
) -> tuple[list[dict[str, Any]], list[int]]:
    """The winner of each budget against the best of each other kind, and the front.

    Args:
        trials: What is known of each.
        budgets: `FileBudget` objects.
        more_is_better: Whether the objective is to be large.
    """
    sign = -1 if more_is_better else 1
    done = [trial for trial in trials if trial["state"] == "done"]
    found = []
    for budget in budgets:
        within = [t for t in done if budget.holds(t["bytes"], t["us"])]
        entry: dict[str, Any] = {"budget": str(budget), "winner": None, "rivals": []}
        if within:
            best = min(within, key=lambda t: (sign * t["quality"], t["bytes"]))
            entry["winner"] = best["number"]
            entry["rivals"] = _rivals(best, within, sign)
        else:
            entry["nearest"] = _nearest(done, budget)
        found.append(entry)
    return found, _front(done, sign)


def kind_of(trial: dict[str, Any]) -> str:
    """What a trial is, whatever its sizes and bits."""
    recipe = trial["recipe"]
    if recipe["structures"] == "auto":
        return 'compress("auto")'
    if recipe["label"].startswith("even cut"):
        return "even cut"
    if recipe["structures"]:
        return "structures"
    if recipe["fresh"]:
        return "small dense, distilled"
    return "the model itself" if recipe["units"] is None else "fewer units"


def _rivals(best: dict, within: list[dict], sign: int) -> list[dict[str, Any]]:
    kinds: dict[str, dict] = {}
    for trial in sorted(within, key=lambda t: sign * t["quality"]):
        if trial["number"] != best["number"] and kind_of(trial) != kind_of(best):
            kinds.setdefault(kind_of(trial), trial)
    found = []
    for kind, trial in kinds.items():
        difference, low, high = interval(trial["parts"], best["parts"], best["part_sizes"])
        clear = low > 0 if sign > 0 else high < 0
        told = "the winner is better" if clear else "no clear difference"
        found.append(
            {
                "kind": kind,
                "trial": trial["number"],
                "difference": difference,
                "low": low,
                "high": high,
                "better": bool(clear),
                "verdict": f"against {kind} (trial {trial['number']}, {trial['recipe']['label']}, "
                f"{trial['bytes']:,} bytes, {trial['us']:.1f} us): {trial['quality']:.4g}, "
                f"{_difference(difference, low, high)}: {told}",
            }
        )
    return found


def _difference(difference: float, low: float, high: float) -> str:
    return f"a difference of {difference:+.3g} (95 % of {low:+.3g} to {high:+.3g})"


def _front(done: list[dict], sign: int) -> list[int]:
    def beats(one: dict, other: dict) -> bool:
        pairs = [(sign * one["quality"], sign * other["quality"])]
        pairs += [(one[key], other[key]) for key in ("bytes", "us")]
        return all(a <= b for a, b in pairs) and any(a < b for a, b in pairs)

    kept = [t for t in done if not any(beats(other, t) for other in done)]
    return [t["number"] for t in sorted(kept, key=lambda t: t["bytes"])]


def _nearest(done: list[dict], budget: Any) -> str:
    if not done:
        return "no trial ended with a file"
    size = min(done, key=lambda t: t["bytes"])
    fast = min(done, key=lambda t: t["us"])
    return (
        f"the smallest file has {size['bytes']:,} bytes (trial {size['number']}), the fastest "
        f"takes {fast['us']:.1f} us (trial {fast['number']})"
    )


def _cells(trial: dict[str, Any]) -> list[str]:
    quality, us = trial.get("quality"), trial.get("us")
    size = trial.get("bytes") or trial.get("start_bytes")
    return [
        str(trial["number"]),
        trial["recipe"]["label"],
        "" if quality is None else f"{quality:.4g}",
        f"{size:,}" if size else "",
        "" if us is None else f"{us:.1f}",
        "" if trial.get("ratio") is None else f"{trial['ratio']:.2f}",
    ]


def _plain(text: str) -> str:
    return text.replace("[", r"\[")
