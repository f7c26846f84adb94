r"""Makes one table and the plots of the papers' rows that are trained.

    python tools/papers/report_papers.py RUNS/* --keep docs/results/data/papers_runs.jsonl \
        --out docs/results/data/papers.json --plot docs/results/papers

`--keep` is a file with the results of all runs so far, a line of JSON each: those of RUNS that are
finished are put into it, and the table is of all that are in it. Without it the table is of
RUNS alone. Folders without a finished run are left out. Seeds of a row are put together: figures
are means, the spread is given where there are several. The papers' claims are judged by them.
`--markdown` prints both tables.
"""

import argparse
import dataclasses
import json
import pathlib
import statistics
import sys


def read_runs(folders):
    """The results of the finished runs, by name of the row."""
    from run_file import read_results

    return by_row(read_results(folders))


def keep(rows, file):
    """Puts results into a file of runs, and returns those of all runs that are in it, by row."""
    from run_file import keep_runs

    # Of the command as it was given, the folders are those of one machine.
    runs = [run | {"command": command_of(name, run)} for name in rows for run in rows[name]]
    return by_row(keep_runs(runs, file))


def by_row(results):
    """Results of runs, the seeds of a row together."""
    rows = {}
    for result in results:
        rows.setdefault(result["config"]["row"], []).append(result)
    return rows


def row_of(name, runs, dense):
    """One row of the table from the runs of its seeds, beside the dense runs of its base."""
    from published import PUBLISHED

    first, config = runs[0], runs[0]["config"]
    paper = PUBLISHED.get(name)
    test = mean(run["test_perplexity"] for run in runs)
    row = {
        "row": name,
        "base": config["base"],
        "method": config["method"],
        "command": command_of(name, first),
        "rows_at_once": first.get("rows_at_once", 1),
        "device": first.get("device", "cpu"),
        "seeds": sorted(run["config"]["seed"] for run in runs),
        "epochs": config["epochs"],
        "test_perplexity": test,
        "test_perplexities": [run["test_perplexity"] for run in runs],
        "valid_perplexity": mean(run["valid_perplexity"] for run in runs),
        "paper_test_perplexity": paper.test_perplexity if paper else None,
        "paper": paper.source if paper else None,
        "differs_from_paper": differences(paper, first),
        **first["recurrent"],
        "whole_model_parameters": first["models"][name]["parameters"],
        "deployment": first["deployment"],
        "hours": mean(run["seconds"] for run in runs) / 3600,
        "processor_hours": mean(run["processor_seconds"] for run in runs) / 3600,
        **{key: first[key] for key in ("machine", "backend", "threads", "python", "versions")},
        "precision": [config["precision"], config["output_precision"]],
    }
    if dense:
        at = mean(run["test_perplexity"] for run in dense)
        row["dense_test_perplexity"] = at
        row["loss_percent"] = 100 * (test / at - 1)
    row |= tuned_columns(runs, dense)
    return row


def command_of(name, run):
    """The command that trains a row as it was trained."""
    if "rows_at_once" in run:
        return f"python tools/papers/train_papers_side_by_side.py --data DIR --out RUNS {name} ..."
    words = f"lrkeras train papers/{name} --data DIR --out RUN --seed {run['config']['seed']}"
    needs_dense = run["config"]["is_started"] or run["config"].get("teacher_weight")
    return f"{words} --start DENSE_RUN" if needs_dense else words


def differences(paper, run):
    """What is not as in the paper, in words, or nothing for a row without a counterpart."""
    if paper is None:
        return None
    notes = [paper.differs] if paper.differs else []
    if run["config"]["output_precision"] == "bfloat16":
        notes.append("products of the training in bfloat16")
    if run.get("device", "cpu") != "cpu":
        notes.append("those of the recurrent layers in TF32")
    return "; ".join(notes) or "nothing known"


def tuned_columns(runs, dense):
    """What rows that compress a trained model have besides: before tuning, efficiency, norms."""
    first = runs[0]
    if "before_tuning_test_perplexity" not in first:
        return {}
    before = mean(run["before_tuning_test_perplexity"] for run in runs)
    columns = {"before_tuning_test_perplexity": before}
    if dense:
        seed = first["config"]["seed"]
        started = next((run for run in dense if run["config"]["seed"] == seed), dense[0])
        columns |= efficiency(first["before_tuning_test_perplexity"], first, started)
    for key in ("norms", "norms_dense"):
        if key in first:
            columns[key] = first[key]
    return columns


def efficiency(perplexity, run, dense):
    """Winata et al.'s measure, on perplexity before tuning and on what the layers store.

    `E = R(M) / R(P)`, with `R(M)` the share by which the perplexity rose, `R(P)` that by which the
    parameters of the recurrent layers fell; lower is better. The paper's tables use several forms.
    """
    loss = perplexity / dense["test_perplexity"] - 1
    sizes = run["recurrent"]
    saved = 1 - sizes["parameters"] / sizes["dense_parameters"]
    return {"efficiency": loss / saved if saved > 0 else None}


def mean(values):
    """The mean of some numbers."""
    return statistics.fmean(values)


def summarise(rows):
    """What is written: the table, what it says of the papers' claims, and the plots' curves."""
    from claims import judge
    from row_names import dense_row_of

    table = [row_of(name, runs, rows.get(dense_row_of(name), [])) for name, runs in rows.items()]
    kept = ("epoch", "perplexity", "val_perplexity", "sparsity", "sparse_ratio")
    curves = {
        name: {key: _short(values) for key, values in runs[0]["history"].items() if key in kept}
        for name, runs in rows.items()
    }
    claims = [dataclasses.asdict(claim) for claim in judge({"rows": table})]
    return {
        "command": "python tools/papers/report_papers.py RUNS/* --keep RUNS_FILE --out FILE --plot PREFIX",
        "rows": sorted(table, key=lambda row: (row["base"], row["test_perplexity"])),
        "claims": claims,
        "curves": curves,
    }


def _short(values):
    return [float(f"{value:.5g}") for value in values]


def markdown(summary):
    """The table for people."""
    lines = [
        "| row | paper, test | ours, test | to dense | compression | with indices "
        "| step, us (to dense int8) | seeds | hours |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in summary["rows"]:
        paper, loss = row["paper_test_perplexity"], row.get("loss_percent")
        lines.append(
            f"| {row['row']} | {'' if paper is None else paper} | {row['test_perplexity']:.2f} "
            f"| {'' if loss is None else f'{loss:+.1f} %'} | {row['compression']:.1f}x "
            f"| {row['compression_with_indices']:.1f}x | {_time(row['deployment'])} "
            f"| {len(row['seeds'])} | {_hours(row)} |"
        )
    lines += ["", "| claim | source | verdict | perplexities |", "|---|---|---|---|"]
    lines += [
        f"| {claim['text']} | {claim['source']} | {claim['verdict']} | {claim['evidence']} |"
        for claim in summary["claims"]
        if claim["verdict"] != "open"
    ]
    return "\n".join(lines)


def _hours(row):
    at_once = row["rows_at_once"]
    return f"{row['hours']:.2g}" + (f" ({at_once} at once)" if at_once > 1 else "")


def _time(deployment):
    if "skipped" in deployment:
        return ""
    return f"{deployment['step_us']:.1f} ({deployment['speedup_over_dense_int8']:.2f}x)"


def main():
    """Runs the command line."""
    from lrkeras.system.required_paths import require_paths

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("runs", nargs="*", type=pathlib.Path, help="folders of runs")
    parser.add_argument("--keep", type=pathlib.Path, help="file of all results so far, a line each")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="the JSON file")
    parser.add_argument("--plot", type=pathlib.Path, help="how the PNG files begin")
    parser.add_argument("--markdown", action="store_true", help="print the table")
    options = parser.parse_args()
    require_paths(
        reads=options.runs, writes=[options.out, options.plot and f"{options.plot}_x.png"]
    )
    rows = read_runs(options.runs)
    if options.keep:
        rows = keep(rows, options.keep)
    if not rows:
        sys.exit("expected at least one folder with a result.json; none of these has one")
    summary = summarise(rows)
    options.out.write_text(json.dumps(summary, indent=1) + "\n", encoding="utf-8")
    if options.plot:
        import paper_plots as plots

        for name, dense in plots.figures_of(summary):
            of = dense.removeprefix("ptb_")
            file = options.plot.with_name(f"{options.plot.name}_{name}_{of}.png")
            plots.FIGURES[name](summary, dense, file)
    if options.markdown:
        print(markdown(summary))


if __name__ == "__main__":
    main()
