"""The ranks at which structured LSTM layers have as few numbers as a row asks for."""

from __future__ import annotations

import dataclasses

from lrkeras.tasks.papers.an4.config import AN4Config

GATES = 4
# `toeplitz_like`: a matrix for each gate (Sindhwani, Sainath, Kumar 2015, arXiv 1510.01722);
# `low_rank`: two factors, the second for all gates; `shared_low_rank`: the first factor of the
# recurrent matrix is that of the next layer's input matrix too; `hybrid_stack`: Toeplitz-like in
# the lowest layer, shared above it (Lu, Sindhwani, Sainath 2016, arXiv 1604.02594).
METHODS = ("hybrid_stack", "shared_low_rank", "toeplitz_like", "low_rank")


@dataclasses.dataclass(frozen=True)
class Part:
    """A matrix, or matrices with a factor in common, of one rank.

    Attributes:
        kind: `"toeplitz_like"`, `"low_rank"` or `"projection"`.
        numbers: how many each rank has.
        dense: how many there are without a structure.
    """

    kind: str
    numbers: int
    dense: int


def dense_numbers(units: int, inputs: int, num_layers: int) -> int:
    """Numbers of dense LSTM layers, biases counted."""
    first = GATES * units * (inputs + units + 1)
    return first + (num_layers - 1) * GATES * units * (2 * units + 1)


def widest(numbers: float, inputs: int, num_layers: int) -> int:
    """The most units at which dense layers have no more numbers.

    Raises:
        ValueError: one unit has more.
    """
    units = 0
    while dense_numbers(units + 1, inputs, num_layers) <= numbers:
        units += 1
    if not units:
        raise ValueError(f"No {num_layers} layers have {numbers:g} numbers. Compress less.")
    return units


def parts_of(config: AN4Config) -> dict[str, Part]:
    """The parts of a row's layers by name: `kernel_0`, `recurrent_0`, `projection_1` and so on.

    Args:
        config: the run.
    """
    parts: dict[str, Part] = {}
    for layer in range(config.num_layers):
        kind = _kind(config.method, layer)
        read = config.units if layer else config.features
        projects_below = layer > 0 and _kind(config.method, layer - 1) == "projection"
        if not projects_below:  # or the kernel is a part of the projection below
            parts[f"kernel_{layer}"] = _matrix(kind, read, config.units)
        if kind == "projection":
            users = 1 if layer == config.num_layers - 1 else 2
            parts[f"projection_{layer}"] = Part(
                kind,
                config.units * (1 + users * GATES),
                users * GATES * config.units**2,
            )
        else:
            parts[f"recurrent_{layer}"] = _matrix(kind, config.units, config.units)
    return parts


def ranks_of(config: AN4Config) -> dict[str, int]:
    """The rank of every part of a row; none for a dense row.

    Every part is as many times smaller as it must be for all of them, with the biases, to have
    `1 / compression` of the dense numbers, rounded down; what that leaves goes to one part after
    the other while it lasts.

    Raises:
        ValueError: there is no room for a rank of 1 everywhere.
    """
    if config.method not in METHODS:
        return {}
    parts = parts_of(config)
    dense = dense_numbers(config.units, config.features, config.num_layers)
    budget = int(dense / float(config.compression or 1)) - GATES * config.units * config.num_layers
    whole = sum(part.dense for part in parts.values())
    ranks = {name: int(part.dense * budget / whole / part.numbers) for name, part in parts.items()}
    if min(ranks.values()) < 1:
        raise ValueError(
            f"{config.compression:g}x leaves no rank for some of {sorted(parts)} in "
            f"{config.num_layers} layers of {config.units} units. Compress less."
        )
    left = budget - sum(ranks[name] * part.numbers for name, part in parts.items())
    for name, part in parts.items():
        if part.numbers <= left:
            ranks[name] += 1
            left -= part.numbers
    return ranks


def _kind(method: str, layer: int) -> str:
    """What the matrices of a layer are."""
    if method == "shared_low_rank" or (method == "hybrid_stack" and layer):
        return "projection"
    return "toeplitz_like" if method == "hybrid_stack" else method


def _matrix(kind: str, inputs: int, units: int) -> Part:
    """A matrix that is read by one layer alone."""
    dense = GATES * inputs * units
    if kind == "toeplitz_like":
        return Part(kind, GATES * 2 * max(inputs, units), dense)
    return Part("low_rank", inputs + GATES * units, dense)
