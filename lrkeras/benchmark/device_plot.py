"""The figure of phones and models."""

from __future__ import annotations

import os

from lrkeras.benchmark.device_report import DeviceReport, pace_of
from lrkeras.benchmark.plots import require_matplotlib
from lrkeras.system.atomic_write import written_whole

# Told apart in grey too, by their shapes; a figure with more is not readable.
_LOOKS = [
    ("#1b4f8f", "o"),
    ("#c2571a", "s"),
    ("#3d7a3d", "^"),
    ("#7a3d7a", "D"),
    ("#555555", "v"),
    ("#8a6d1a", "P"),
    ("#1a7a8a", "X"),
]


def plot_devices(report: DeviceReport, path: str | os.PathLike) -> None:
    """Draws a point for each phone and model: the median of its fastest setting, a line to p90.

    Args:
        report: The results, of seven phones at most.
        path: The PNG to write.

    Raises:
        ImportError: If matplotlib is not installed.
        ValueError: If there are more phones.
    """
    require_matplotlib()
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure
    from matplotlib.ticker import LogLocator, NullFormatter, StrMethodFormatter

    rows = report.fastest
    phones = list(dict.fromkeys(row.phone for row in rows))
    if len(phones) > len(_LOOKS):
        raise ValueError(
            f"Expected at most {len(_LOOKS)} phones in one figure, received {len(phones)}. Give "
            "the files of fewer."
        )
    label = lambda row: f"{row.model}\n{row.measure}, {pace_of(row)}"  # noqa: E731
    labels = list(dict.fromkeys(label(row) for row in rows))
    figure = Figure(figsize=(8, 1.6 + 0.55 * len(labels)), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    for number, (phone, (color, marker)) in enumerate(zip(phones, _LOOKS, strict=False)):
        shift = 0.18 * (number - (len(phones) - 1) / 2)
        mine = [row for row in rows if row.phone == phone]
        places = [labels.index(label(row)) + shift for row in mine]
        medians = [row.p50_us for row in mine]
        axes.hlines(places, medians, [row.p90_us for row in mine], color=color, linewidth=1.5)
        axes.plot(medians, places, marker, color=color, label=phone, linestyle="none")
    axes.set_yticks(range(len(labels)), labels, fontsize=8)
    axes.invert_yaxis()
    axes.set_xscale("log")
    axes.xaxis.set_major_locator(LogLocator(subs=(1, 2, 5)))
    axes.xaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel("time of a run in µs: median, and a line to the 90th percentile")
    axes.grid(axis="x", color="#dddddd")
    axes.spines[["top", "right"]].set_visible(False)
    figure.legend(loc="outside upper center", ncols=3, fontsize=9, frameon=False)
    with written_whole(path) as draft:
        figure.savefig(draft, dpi=150, facecolor="white", format="png")
