"""The tables of the ELMo rows for the page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from elmo_claims import TASKS
from elmo_table import DENSE, TITLES

from lrkeras.tasks.papers.elmo.rows import WHERE

Summary = Mapping[str, Any]
# Winata et al. 2019, tables of ELMo: scores at r = 10 and at r = 400. SNLI stands for SICK.
PUBLISHED = {
    "no language model": ("53.7", "88.6", "77.3"),
    "dense": ("54.5", "88.5", "81.75"),
    "semi-NMF, input, r = 10": ("38.23 (1.10)", "77.08 (0.39)", "60.69 (0.88)"),
    "SVD, input, r = 10": ("40.58 (0.94)", "78.15 (0.35)", "57.14 (1.03)"),
    "pruning, input, r = 10": ("34.57 (1.35)", "73.67 (0.50)", "52.02 (1.24)"),
    "semi-NMF, recurrent, r = 10": ("50.18 (0.29)", "87.24 (0.04)", "76.59 (0.21)"),
    "SVD, recurrent, r = 10": ("50.40 (0.27)", "87.27 (0.04)", "76.72 (0.21)"),
    "pruning, recurrent, r = 10": ("50.81 (0.25)", "87.51 (0.03)", "52.02 (0.49)"),
}
_NORMS = {"l1": "L1", "l1_spread": "spread of L1", "nuclear": "nuclear"}
_PICTURES = {
    "sst": "SST-5: test accuracy against the rank; bars are 95 % intervals of the difference to dense",
    "sick": "SICK: test accuracy against the rank; bars as above",
    "squad": "SQuAD: test F1 against the rank; bars as above",
    "spread": "Spread of the L1 norms against that of the dense matrices",
    "training": "Perplexity of both directions on the validation half after every epoch",
}


def markdown(summary: Summary) -> str:
    """The tables for the page."""
    tables = (_scores, _missing, _models, _claims, _norms, _published)
    parts = [table(summary) for table in tables]
    return "\n\n".join(part for part in parts if part)


def pictures(names: list[str], prefix: str) -> str:
    """The figures for the page."""
    return "\n\n".join(f"![{_PICTURES[name]}]({prefix}_{name}.png)" for name in names)


def _scores(summary: Summary) -> str:
    heads = " | ".join(f"{title} | E" for title in TASKS.values())
    lines = [
        f"| row, test in % (to dense, 95 %) | {heads} |",
        "|---" * (1 + 2 * len(TASKS)) + "|",
    ]
    lines += [_score_line(row) for row in summary["rows"]]
    facts = summary["facts"].get("tasks", {})
    trivial = [f"{100 * facts[t]['trivial_test']:.1f} | " if t in facts else " | " for t in TASKS]
    lines.append(f"| nothing but the most frequent | {' | '.join(trivial)}|")
    return "\n".join(lines) if summary["rows"] else "No row is trained yet."


def _score_line(row: Mapping[str, Any]) -> str:
    cells = [TITLES[row["row"]]]
    for task in TASKS:
        found = row["tasks"].get(task)
        if found is None:
            cells += ["missing", ""]
            continue
        told = f"{found['test']:.1f}"
        if "to_dense" in found:
            told += " ({:+.1f}, {:+.1f} to {:+.1f})".format(*found["to_dense"])
        if row["row"] == DENSE or "to_dense" not in found:
            told += f" [{min(found['seeds']):.1f} to {max(found['seeds']):.1f}]"
        measure = found.get("efficiency")
        cells += [told, "" if measure is None else f"{measure:.2f}"]
    return f"| {' | '.join(cells)} |"


def _missing(summary: Summary) -> str:
    if not summary["missing"]:
        return ""
    return f"**Missing rows**: {'; '.join(TITLES[name] for name in summary['missing'])}."


def _models(summary: Summary) -> str:
    rows = [row for row in summary["rows"] if "norms" in row]
    if not rows:
        return ""
    lines = [
        "| language model | numbers of the LSTMs | times fewer (with indices) | int8 file, forward | step | perplexity forward | backward | hours: text, tasks |",
        "|---" * 8 + "|",
    ]
    for row in rows:
        sizes, file = row["recurrent"], row["deployment"]
        cells = [
            TITLES[row["row"]],
            f"{sizes['parameters']:,}",
            f"{sizes['compression']:.2f} ({sizes['compression_with_indices']:.2f})",
            f"{file['file_bytes'] / 1000:.0f} KB" if "file_bytes" in file else "",
            f"{file['speedup_over_dense_int8']:.2f}" if "step_us" in file else "",
            f"{row['test_perplexity']['forward']:.1f}",
            f"{row['test_perplexity']['backward']:.1f}",
            f"{row['text_processor_hours']:.1f}, {row['task_processor_hours']:.1f}",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    unigram = summary["facts"].get("unigram_test_perplexity")
    if unigram is not None:
        told = f"{unigram:.1f}"
        lines.append(f"| how often words are | | | | | {told} | {told} | |")
    return "\n".join(lines)


def _norms(summary: Summary) -> str:
    rows = [row for row in summary["rows"] if "norms" in row]
    if not rows:
        return ""
    heads = [f"{name}, {where}" for name in _NORMS.values() for where in WHERE]
    lines = [f"| norms of the matrices | {' | '.join(heads)} |", "|---" * (1 + len(heads)) + "|"]
    for row in rows:
        cells = [f"{row['norms'][where][name]:.3g}" for name in _NORMS for where in WHERE]
        lines.append(f"| {TITLES[row['row']]} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _claims(summary: Summary) -> str:
    lines = ["| claim | verdict | test, three tasks |", "|---|---|---|"]
    lines += [f"| {c['text']} | {c['verdict']} | {c['evidence']} |" for c in summary["claims"]]
    gains = [
        "{} {:+.1f} ({:+.1f} to {:+.1f})".format(TASKS[task], *found)
        for task, found in summary["gain_over_words"].items()
    ]
    told = "The language model against none, points: " + "; ".join(gains) + "." if gains else ""
    return "\n".join([*lines, "", told]).rstrip()


def _published(summary: Summary) -> str:
    heads = [name for title in TASKS.values() for name in (f"{title}, ours", "theirs (E)")]
    lines = [
        f"| row | {' | '.join(heads)} |".replace(
            "SICK, ours | theirs", "SICK, ours | theirs, SNLI"
        ),
        "|---" * (1 + len(heads)) + "|",
    ]
    ours = {TITLES[row["row"]]: row for row in summary["rows"]}
    for title, figures in PUBLISHED.items():
        cells = [title]
        for task, figure in zip(TASKS, figures, strict=True):
            found = ours.get(title, {}).get("tasks", {}).get(task)
            cells += ["missing" if found is None else f"{found['test']:.1f}", figure]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)
