"""Names of lines, written beside the panel of a figure."""

from __future__ import annotations

import statistics
from collections.abc import Sequence


def label_at_ends(axis, ends: Sequence[tuple[float, float, str, str]]) -> None:
    """Writes names at a column beside the panel, in the order of the lines' ends, apart."""
    if not ends:
        return
    axis.autoscale_view()
    points = axis.transData.transform([(place, score) for place, score, _, _ in ends])
    heights = axis.transAxes.inverted().transform(points)[:, 1]
    order = sorted(range(len(ends)), key=heights.__getitem__)
    for index, height in zip(order, apart([heights[i] for i in order]), strict=True):
        place, score, title, color = ends[index]
        axis.annotate(
            title,
            (place, score),
            xytext=(1.03, height),
            textcoords="axes fraction",
            color=color,
            fontsize=9,
            va="center",
            annotation_clip=False,
            arrowprops={"arrowstyle": "-", "color": color, "lw": 0.6, "alpha": 0.6},
        )


def apart(heights: Sequence[float], least: float = 0.065) -> list[float]:
    """Heights in rising order, moved as little as can be (least squares) to be apart, 0 to 1."""
    count = len(heights)
    rest = [height - least * number for number, height in enumerate(heights)]
    # What is left may not fall: isotonic regression by its formula of means.
    risen = [
        max(
            min(statistics.fmean(rest[first : last + 1]) for last in range(at, count))
            for first in range(at + 1)
        )
        for at in range(count)
    ]
    most = max(0.0, 1 - least * (count - 1))
    return [min(max(one, 0.0), most) + least * number for number, one in enumerate(risen)]
