"""Times converted LSTM steps and holds them against what they are claimed to be.

    python tools/benchmarks/bench_deploy.py --rounds 60 --out docs/results/data/deploy.json --plot docs/results/deploy.png

One thread, XNNPACK on, as many inputs as units, random weights (time does not depend on them).
Every file was compared with Keras by `convert`. A ratio is the median of the rounds' ratios of
two files that ran in turns, with the quartiles. In a turn a file runs ten times untimed and ten
times on the clock: the file before it has filled the caches, and the first runs bring the
weights back. `warmup` in the result has the time by place in the turn, which shows how many.
Files larger than the last cache wait for main memory, which other processes use as well: look at
the load average in the result before believing a ratio with one of them.
"""

import argparse
import dataclasses
import os
import pathlib
import sys
import tempfile

os.environ["KERAS_BACKEND"] = "tensorflow"
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import deploy_models
import numpy as np
import stock_pruning

from lrkeras.benchmark import benchmark
from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.benchmark.timed_model import TimedModel
from lrkeras.system.json_file import write_json
from lrkeras.system.machine import describe_machine, load_average
from lrkeras.system.required_paths import require_paths
from lrkeras.system.versions import package_versions

# (file, what it is compared with, how many times faster it shall be, at these sizes)
SPEED_GOALS = (
    ("doped_kronecker_int8", "dense_float32", {1500: 40.0}),
    ("doped_kronecker_int8", "dense_int8", {512: 2.4, 650: 2.4, 1500: 4.0}),
    ("low_rank_stacked_int8", "dense_int8", {650: 3.0, 1500: 5.0}),
    ("low_rank_per_gate_int8", "dense_int8", {650: 3.0, 1500: 5.0}),
    ("low_rank_stacked_int8", "low_rank_per_gate_int8", {}),
    ("low_rank_stacked_int8", "low_rank_stacked_float32", {}),
    ("hybrid_stacked_float32", "pruned, single weights, float32", {}),
    ("hybrid_stacked_float32", "pruned, 1x4 blocks, float32", {650: 3.5, 1500: 3.5}),
    ("hybrid_stacked_int8", "pruned, 1x16 blocks, int8, without XNNPACK", {}),
)
SIZE_GOAL = {1500: 75.0}
_TURN = 30


def main(arguments=None):
    """Command line; see the top of the file."""
    options = _parser().parse_args(arguments)
    for file in filter(None, (options.out, options.plot)):
        file.parent.mkdir(parents=True, exist_ok=True)
    require_paths(writes=[options.out, options.plot])
    if options.plot:
        require_matplotlib()
    words = sys.argv[1:] if arguments is None else arguments
    result = {
        "command": " ".join(["python tools/benchmarks/bench_deploy.py", *words]),
        "machine": describe_machine(),
        "versions": package_versions(),
        "rounds": options.rounds,
        "sizes": {},
    }
    with tempfile.TemporaryDirectory() as folder:
        for units in options.sizes:
            result["sizes"][units] = _measure(units, options, pathlib.Path(folder))
    _show(result)
    if options.out:
        write_json(options.out, result)
    if options.plot:
        plot(result, options.plot)


def _measure(units, options, folder):
    """Everything about one size."""
    files = {}
    for variant in deploy_models.claimed(options.compression):
        files[variant.name] = _file(variant.write(folder, units))
    _add_pruned(files, units, folder)
    content = {"load_average_before": load_average(), "files": files}
    content["claims"] = _speed_claims(files, units, options.rounds)
    content["claims"].append(_size_claim(files, units))
    large = {name: files[name]["path"] for name in ("dense_int8", "doped_kronecker_int8")}
    content["warmup"] = warmup(large, files["dense_float32"]["path"], max(3, options.rounds // 3))
    if not options.no_survey:
        content["survey"] = _survey(units, files["dense_int8"]["path"], options.rounds, folder)
    content["load_average_after"] = load_average()
    for file in files.values():
        del file["path"]
    return content


def _file(report):
    return {
        "path": report.path,
        "bytes": report.file_bytes,
        "parameters": report.layers[0].params,
        "macs": report.layers[0].macs,
        "error_against_keras": max(error.error for error in report.parity),
    }


def _add_pruned(files, units, folder):
    """Stock pruned files with as many bytes as the hybrid file of their number type."""
    for name, form in stock_pruning.FORMS.items():
        rival = "hybrid_stacked_int8" if form.int8 else "hybrid_stacked_float32"
        density = form.density_for(files[rival]["bytes"], units)
        path = folder / f"pruned_{form.block[1]}_{units}.tflite"
        stock_pruning.write_pruned_step(path, units, form, density)
        size = path.stat().st_size
        files[f"pruned, {name}"] = {"path": path, "bytes": size, "density": density}


def _speed_claims(files, units, rounds):
    """Each pair alone in a run, so that no third file uses the caches."""
    claims = []
    for name, rival, goals in SPEED_GOALS:
        report = benchmark([files[rival]["path"], files[name]["path"]], rounds=rounds)
        reference, row = report.files
        goal = goals.get(units)
        claims.append(
            {
                "file": name,
                "against": rival,
                "times_faster": row.speedup,
                "quartiles": row.speedup_quartiles,
                "times_faster_cold": row.cold_speedup,
                "us": row.median_us,
                "against_us": reference.median_us,
                "goal": goal,
                "reached": None if goal is None else row.speedup >= goal,
            }
        )
    return claims


def _size_claim(files, units):
    ratio = files["dense_float32"]["bytes"] / files["doped_kronecker_int8"]["bytes"]
    goal = SIZE_GOAL.get(units)
    reached = None if goal is None else ratio >= goal
    names = {"file": "doped_kronecker_int8", "against": "dense_float32"}
    return names | {"times_smaller": ratio, "goal": goal, "reached": reached}


def warmup(paths, other, rounds):
    """Median microseconds of the first, second, ... run after another file has run.

    Args:
        paths: Files by name.
        other: The file whose runs fill the caches in between.
        rounds: Number of turns of each.
    """
    rng = np.random.default_rng(0)
    between = TimedModel(other, 1, True, rng)
    result = {}
    for name, path in paths.items():
        model, times = TimedModel(path, 1, True, rng), []
        for _ in range(rounds):
            for _ in range(3):
                between.run_ns()
            times.append([model.run_ns() / 1e3 for _ in range(_TURN)])
        result[name] = np.median(times, axis=0).round(1).tolist()
    return result


def _survey(units, dense, rounds, folder):
    """Every structure at several sizes against dense int8, all in one run."""
    named, rows = deploy_models.surveyed(), []
    for structure, variants in named.items():
        for variant in variants:
            try:
                report = variant.write(folder, units)
            except ValueError as error:
                rows.append({"structure": structure, "name": variant.name, "error": str(error)})
                continue
            rows.append({"structure": structure, "name": variant.name, **_file(report)})
    made = [row for row in rows if "path" in row]
    report = benchmark([dense, *(row["path"] for row in made)], rounds=rounds)
    reference = report.files[0]
    for row, timed in zip(made, report.files[1:], strict=True):
        del row["path"]
        row["compression"] = (8 * units * units + 4 * units) / row["parameters"]
        row |= {"us": timed.median_us, "times_faster": timed.speedup}
        row |= {"quartiles": timed.speedup_quartiles, "times_faster_cold": timed.cold_speedup}
        # The dense int8 file costs one converter flag: a little faster is not worth a structure.
        row["worth_it"] = timed.speedup_quartiles[0] > 1.1
    return {"dense_int8": dataclasses.asdict(reference) | {"path": "dense_int8"}, "rows": rows}


def _show(result):
    import rich
    from rich.table import Table

    claims = Table(title="Claims: times faster (or smaller), one thread, XNNPACK")
    for heading in ("units", "file", "against", "warm", "cold", "goal", "reached"):
        claims.add_column(heading)
    survey = Table(title="Against dense int8")
    for heading in ("units", "structure", "file", "compression", "us", "times faster", "worth it"):
        survey.add_column(heading)
    for units, content in result["sizes"].items():
        for claim in content["claims"]:
            claims.add_row(str(units), claim["file"], claim["against"], *_claim(claim))
        for row in content.get("survey", {"rows": []})["rows"]:
            survey.add_row(str(units), row["structure"], row["name"], *_survey_row(row))
    rich.print(claims, survey)


def _claim(claim):
    yes = {None: "", True: "yes", False: "no"}[claim["reached"]]
    goal = "" if claim["goal"] is None else f"{claim['goal']:g}"
    if "times_smaller" in claim:
        return f"{claim['times_smaller']:.1f} smaller", "", goal, yes
    cold = f"{claim['times_faster_cold']:.2f}"
    return _spread(claim), cold, goal, yes


def _survey_row(row):
    if "error" in row:
        return "", "", "", f"cannot be: {row['error'][:80]}"
    verdict = "yes" if row["worth_it"] else "no: dense int8 is as fast or faster"
    return f"{row['compression']:.1f}", f"{row['us']:.1f}", _spread(row), verdict


def _spread(row):
    low, high = row["quartiles"]
    return f"{row['times_faster']:.2f} ({low:.2f} to {high:.2f})"


def plot(result, path):
    """Draws latency against compression for every structure, one panel a size."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    sizes = {u: c["survey"] for u, c in result["sizes"].items() if "survey" in c}
    figure = Figure(figsize=(4.8 * max(1, len(sizes)), 5), layout="constrained")
    FigureCanvasAgg(figure)
    panels = figure.subplots(1, max(1, len(sizes)), squeeze=False)[0]
    for axes, (units, survey) in zip(panels, sizes.items(), strict=False):
        _panel(axes, units, survey)
    handles, labels = panels[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=4, fontsize=8, frameon=False)
    figure.suptitle(f"Time of one LSTM step, int8, one thread ({result['machine']})", fontsize=10)
    figure.savefig(path, dpi=130, facecolor="white", format="png")


def _panel(axes, units, survey):
    from matplotlib.ticker import LogLocator, StrMethodFormatter

    dense = survey["dense_int8"]["median_us"]
    axes.axhline(dense, color="black", linestyle="--", label="dense int8: the line to beat")
    made = [row for row in survey["rows"] if "us" in row]
    for number, name in enumerate(dict.fromkeys(row["structure"] for row in made)):
        rows = sorted((r for r in made if r["structure"] == name), key=lambda r: r["compression"])
        places = [row["compression"] for row in rows], [row["us"] for row in rows]
        axes.plot(*places, "osD^vP*"[number % 7] + "-", label=name, markersize=5, linewidth=1)
    axes.set(xscale="log", yscale="log", title=f"{units} units")
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_locator(LogLocator(subs=(1, 2, 5)))
        axis.set_major_formatter(StrMethodFormatter("{x:g}"))
        axis.set_minor_formatter("")
    axes.set_xlabel("times fewer parameters")
    axes.set_ylabel("time of one step (µs)")
    axes.grid(alpha=0.25, which="both")


def _parser():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", "--units", type=int, nargs="+", default=[512, 650, 1500])
    parser.add_argument("--compression", type=float, default=25, help="of the doped matrix")
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--no-survey", action="store_true", help="leave out the other structures")
    parser.add_argument("--out", type=pathlib.Path, help="JSON to write")
    parser.add_argument("--plot", type=pathlib.Path, help="PNG to draw")
    return parser


if __name__ == "__main__":
    main()
