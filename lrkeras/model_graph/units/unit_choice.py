"""Which units go, and how many of each group."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from lrkeras.model_graph.units.hidden_units import HiddenUnits
from lrkeras.system.name_patterns import did_you_mean, is_one_of, listed

_PROJECTION = ".projection"


def check_compression(compression: float) -> float:
    """A compression as a number; raises `ValueError` where it is none above 1."""
    number = isinstance(compression, (int, float)) and not isinstance(compression, bool)
    if not number or not math.isfinite(compression) or compression <= 1:
        raise ValueError(
            f"Expected `compression` as a number above 1, such as 2, received {compression!r}."
        )
    return float(compression)


def chosen_groups(
    units: HiddenUnits,
    include: Sequence[str] | str | None = None,
    exclude: Sequence[str] | str | None = None,
) -> HiddenUnits:
    """The units of which some may go, the others pinned.

    Args:
        units: The units of a model.
        include: Pattern or patterns of names; other units are left alone.
        exclude: Pattern or patterns of names to leave alone.

    Raises:
        ValueError: If a pattern means no units.
    """
    left: dict[int, str] = {}
    for argument, patterns in (("include", include), ("exclude", exclude)):
        if patterns is None:
            continue
        wanted = listed(patterns)
        for pattern in wanted:
            _check(units, pattern, argument)
        for group, names in enumerate(units.names):
            meant = any(_is_meant(name, p) for name in names for p in wanted)
            if meant == (argument == "exclude"):
                how = "not among `include`" if argument == "include" else "among `exclude`"
                left.setdefault(group, f"it is {how}")
    return units.without(left)


def counts_of(units: HiddenUnits, requested: Mapping[str, int]) -> dict[int, int]:
    """How many units are wanted in each group that a mapping names.

    Args:
        units: The units of a model.
        requested: Number of units by name of a layer: its path, its name, that of the wrapper
            around it, or a shell pattern. `"lstm.projection"` is the projection of `lstm`.

    Raises:
        ValueError: If a name means no units, means several layers without being a pattern, means
            some that have to stay, or the number is not one that the layer can have.
    """
    if not isinstance(requested, Mapping) or not requested:
        raise ValueError(
            'Expected `units` as numbers by name of a layer, such as {"lstm": 128}, received '
            f"{requested!r}."
        )
    counts: dict[int, int] = {}
    for pattern, count in requested.items():
        _check(units, pattern, "units")
        for group in _with_families(units, _groups_meant(units, pattern)):
            size, names = units.sizes[group], " and ".join(units.names[group])
            whole = isinstance(count, (int, np.integer)) and not isinstance(count, bool)
            if not whole or not 1 <= count <= size:
                raise ValueError(
                    f"Expected a whole number from 1 to {size} for the units of `{names}`, "
                    f"received {count!r}."
                )
            if counts.setdefault(group, int(count)) != count:
                raise ValueError(
                    f"The units of `{names}` go together, or are as many as those of another "
                    f"direction; received {counts[group]} and {count} for them. Give one number."
                )
    return counts


def kept_to_counts(importance: Sequence[np.ndarray], counts: Mapping[int, int]) -> list[np.ndarray]:
    """The most important units of each group, in ascending order; all where no count is given."""
    return [
        np.sort(np.argsort(-values, kind="stable")[: counts.get(group, len(values))])
        for group, values in enumerate(importance)
    ]


def kept_to_params(
    units: HiddenUnits, importance: Sequence[np.ndarray], limit: float
) -> list[np.ndarray]:
    """The units of a model of at most so many numbers.

    One unit after the other goes, of all groups that with the least importance for each number
    that goes with it; one of each group stays. A unit's importance counts divided by the square of
    the share of its group's importance that is still there, so that no group is emptied because
    its units can be missed one by one.

    Args:
        units: The units.
        importance: For each group `(units,)`.
        limit: Numbers that the whole model may store.

    Returns:
        For each group the units that stay, in ascending order.

    Raises:
        ValueError: If the model stays larger with a single unit in each group.
    """
    smallest = units.params([1] * len(units.sizes))
    if smallest > limit:
        raise ValueError(
            f"Fewer units cannot make the model smaller than {smallest:,} of {units.total:,} "
            f"numbers ({units.total / smallest:.2f} times); expected at most {int(limit):,}. Ask "
            "for less compression, or let more layers lose units."
        )
    # From the least important on; equal ones by their place, the last first.
    orders = [np.lexsort((-np.arange(len(v)), v)) for v in importance]
    costs = [_rising(v[order]) for v, order in zip(importance, orders, strict=True)]
    sizes = list(units.sizes)
    gone = [0] * len(sizes)
    params = units.params(sizes)
    while params > limit:
        best: tuple[float, list[int], tuple[int, ...]] | None = None
        for family in units.families:
            if sizes[family[0]] == 1:
                continue
            fewer = [size - (g in family) for g, size in enumerate(sizes)]
            cost = sum(costs[g][gone[g]] for g in family)
            ratio = cost / max(1, params - units.params(fewer))
            if best is None or ratio < best[0]:
                best = (ratio, fewer, family)
        if best is None:
            raise AssertionError("checked above: one unit each is small enough")
        _, sizes, family = best
        params = units.params(sizes)
        for group in family:
            gone[group] += 1
    return [np.sort(order[count:]) for order, count in zip(orders, gone, strict=True)]


def as_many_each(units: HiddenUnits, kept: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Keeps some more units where groups have to have the same number, and one of each at least.

    Args:
        units: The units.
        kept: For each group the units that stay.

    Returns:
        The same with the first of the others, in ascending order.
    """
    found = list(kept)
    for family in units.families:
        count = max(1, *(len(kept[g]) for g in family))
        for group in family:
            others = np.setdiff1d(np.arange(units.sizes[group]), kept[group])
            more = others[: count - len(kept[group])]
            found[group] = np.sort(np.concatenate([kept[group], more])).astype(int)
    return found


def _with_families(units: HiddenUnits, groups: Sequence[int]) -> list[int]:
    families = [family for family in units.families if any(g in family for g in groups)]
    return [group for family in families for group in family]


def _rising(values: np.ndarray) -> np.ndarray:
    """The importance of units that go one after the other; see `kept_to_params`."""
    whole = values.sum()
    if not whole:
        return values
    left = 1 - np.concatenate([[0.0], np.cumsum(values)[:-1]]) / whole
    return values / np.square(np.maximum(left, np.finfo(float).eps))


def _groups_meant(units: HiddenUnits, pattern: str) -> list[int]:
    meant = [
        (group, name)
        for group, names in enumerate(units.names)
        for name in names
        if _is_meant(name, pattern) and name.endswith(_PROJECTION) == pattern.endswith(_PROJECTION)
    ]
    pinned = {n: r for n, r in units.pinned.items() if _is_meant(n, pattern)}
    if not meant:
        reasons = "; ".join(f"`{name}`: {reason}" for name, reason in pinned.items())
        raise ValueError(f"The units of {pattern!r} have to stay. {reasons}.")
    exact = [group for group, name in meant if name == pattern]
    if exact:
        return exact
    paths = [n for n in (*(name for _, name in meant), *pinned) if _last(n) == pattern]
    if len(paths) > 1:
        raise ValueError(
            f"{len(paths)} layers are called {pattern!r}: {', '.join(sorted(paths))}. Name one by "
            f"its path, or all by a pattern such as {'*' + pattern!r}."
        )
    return list(dict.fromkeys(group for group, _ in meant))


def _check(units: HiddenUnits, pattern: str, argument: str) -> None:
    names = [n for found in units.names for n in found] + list(units.pinned)
    if not isinstance(pattern, str):
        raise ValueError(f"`{argument}` expects names of layers (strings), received {pattern!r}.")
    if any(_is_meant(name, pattern) for name in names):
        return
    raise ValueError(
        f"`{argument}`: no layer with units is called {pattern!r}.{did_you_mean(pattern, names)} "
        f"The model has: {', '.join(names)}."
    )


def _last(path: str) -> str:
    return path.rpartition("/")[2]


def _is_meant(name: str, pattern: str) -> bool:
    """Whether a pattern means a name, the last part of it, or the wrapper that it lies in."""
    path = name.removesuffix(_PROJECTION)
    wrapper = path.rpartition("/")[0]
    candidates = [name, path, _last(path), _last(name)]
    if wrapper:
        candidates += [wrapper, _last(wrapper)]
    return is_one_of(candidates, pattern)
