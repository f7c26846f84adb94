"""The figure of a benchmark, drawn without a display."""

import os

from lrkeras.benchmark.file_latency import FileLatency
from lrkeras.benchmark.latency_report import LatencyReport
from lrkeras.system.atomic_write import written_whole


def require_matplotlib() -> None:
    """Checks that plots can be drawn.

    Raises:
        ImportError: If matplotlib is not installed; the message says how to get it.
    """
    try:
        import matplotlib  # noqa: F401
    except ImportError as error:
        raise ImportError(
            "Expected the package `matplotlib`, which plots need, but it cannot be imported "
            f'({error}). Install it with: pip install "lrkeras[tasks]"'
        ) from error


def plot_latency(report: LatencyReport, path: str | os.PathLike) -> None:
    """Draws a bar for each row: the median time of a step, a line to its 90th percentile.

    Args:
        report: The measurements.
        path: The PNG to write.

    Raises:
        ImportError: If matplotlib is not installed.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    rows = report.files
    figure = Figure(figsize=(8, 1.6 + 0.5 * len(rows)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    places = range(len(rows))
    steps = [row.step_us for row in rows]
    axes.barh(places, steps, color="#1b4f8f", height=0.55)
    for place, row in zip(places, rows, strict=True):
        tail = row.p90_us / row.steps
        axes.plot([row.step_us, tail], [place, place], color="#c2571a", linewidth=2)
        text = f" {row.step_us:.3g} µs, {row.speedup:.2f} times as fast"
        axes.annotate(text, (max(tail, row.step_us), place), va="center", fontsize=9)
    axes.set_yticks(places, [_label(row, report) for row in rows])
    axes.invert_yaxis()
    axes.margins(x=0.45)
    axes.set_xlim(left=0)
    axes.set_xlabel("time of a step in µs: median, and a line to the 90th percentile")
    axes.set_title(f"{report.rounds} interleaved rounds, {report.machine}", fontsize=9)
    axes.spines[["top", "right"]].set_visible(False)
    with written_whole(path) as draft:
        figure.savefig(draft, dpi=150, facecolor="white", format="png")


def _label(row: FileLatency, report: LatencyReport) -> str:
    parts = [os.path.basename(row.path)]
    if len({other.signature for other in report.files}) > 1 and row.signature:
        parts.append(row.signature)
    if isinstance(report.num_threads, list):
        parts.append(f"{row.num_threads} threads")
    if len({other.use_xnnpack for other in report.files}) > 1:
        parts.append("XNNPACK" if row.use_xnnpack else "no XNNPACK")
    return ", ".join(parts)
