"""The ways to store one matrix, with what each costs and loses."""

import itertools
import math
from collections.abc import Sequence

import numpy as np

from lrkeras.compression.fitting.fit import dense, fit, weighted_spectrum
from lrkeras.compression.fitting.weighting import Weighting
from lrkeras.compression.matrices.weight_matrix import Target
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.knapsack import Option
from lrkeras.structures import (
    Concatenated,
    Kronecker,
    LowRank,
    Sparse,
    Structure,
    Sum,
    ToeplitzLike,
)

RATIOS = (1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.5, 8, 10, 13, 16, 20, 26, 32, 40, 50, 64, 90, 128)
# Where each costs a fit, and where a fit takes many steps.
_FEWER = (1.6, 2.5, 4, 6.5, 10, 16, 26, 50)
_FEWEST = (4, 8, 16, 32)
_ALL = 0.999


def options_of(
    target: Target,
    families: Sequence[Structure],
    gate_layout: str,
    budget: Budget,
    weighting: Weighting | None,
) -> list[Option]:
    """Lists the options of a matrix.

    The loss is `-log(1 - e)` with the lost share `e` of its weighted square: for small errors the
    share itself, but no matrix may be lost altogether. (With examples, losses are measured.)

    Args:
        target: The matrix.
        families: Structures without a size; each is tried at many.
        gate_layout: As in `lrkeras.layers.LSTM`.
        budget: What costs are counted in.
        weighting: What errors cost; `None` counts every entry alike.

    Returns:
        Options by rising cost, none of which costs more and loses more than another; the last
        one is the matrix as it is.
    """
    w = target.value()
    whole = _cost_of(w, w, weighting)
    found = [Option(None, as_it_is(target, budget), 0.0)]
    for family in families:
        ratios = _ratios(family)
        spectra: dict[int, list[np.ndarray]] = {}
        for spec in (sized(family, ratio) for ratio in ratios):
            built = target.build(spec, gate_layout)
            if isinstance(built, str):
                continue
            if isinstance(spec, LowRank):
                loss = _low_rank_loss(built, w, weighting, spectra)
            else:
                loss = _fitted_loss(built, w, weighting)
            share = min(loss / whole, _ALL) if whole else 0.0
            found.append(Option(spec, _cost(built, budget), -math.log1p(-share)))
    return _efficient(found)


def _ratios(family: Structure) -> Sequence[float]:
    if isinstance(family, LowRank):
        return RATIOS
    return _FEWEST if isinstance(family, (Sum, ToeplitzLike)) else _FEWER


def sized(family: Structure, ratio: float) -> Structure:
    """The structure of a family that makes a matrix `ratio` times smaller.

    Raises:
        ValueError: If it has no size to choose, or its size is given already.
    """
    if isinstance(family, Sum):
        *parts, last = family.parts
        # A base whose size is free takes half; one product of Kronecker factors is the least.
        bases = [p if _is_sized(p) else sized(p, 2 * ratio) for p in parts]
        return Sum([*bases, sized(last, ratio)], seed=family.seed)
    config = family.get_config()
    if family.size_argument is None and not isinstance(family, Sparse):
        raise ValueError(
            f"{type(family).__name__} has no size that a budget could choose. Use a structure "
            "with one (LowRank, Hybrid, Kronecker, Monarch, ToeplitzLike, Sparse, doped)."
        )
    for name in (family.size_argument, "density"):
        config.pop(name, None)
    return type(family).from_config({**config, "compression": ratio})


def _is_sized(structure: Structure) -> bool:
    given = structure.compression is not None or structure.size_argument is None
    chosen = given or structure.get_config().get(structure.size_argument) is not None
    return chosen or isinstance(structure, Kronecker)


def as_it_is(target: Target, budget: Budget) -> float:
    """What a matrix costs now."""
    held = target.owner.held(target.role)
    if held:
        return _cost(held, budget)
    entries = math.prod(target.shape)
    return entries * (_byte_size(budget) if budget.kind == "bytes" else 1)


def _cost(built: Sequence[Structure], budget: Budget) -> float:
    if budget.kind == "bytes":
        return sum(s.num_bytes(budget.dtype) for s in built)
    if budget.kind == "us":  # multiplications stand for time until it is measured
        return sum(s.macs for s in built)
    return sum(s.num_params for s in built)


def _byte_size(budget: Budget) -> int:
    return {"float32": 4, "float16": 2, "int8": 1}[budget.dtype]


def _pieces(built: Sequence[Structure], w: np.ndarray):
    """`(structure, matrix, columns)` of every part that is fitted by itself."""
    parts = list(
        itertools.chain.from_iterable(
            s.parts if isinstance(s, Concatenated) else [s] for s in built
        )
    )
    width = w.shape[1] // len(parts)
    for number, part in enumerate(parts):
        columns = slice(number * width, (number + 1) * width)
        yield part, w[:, columns], columns


def _low_rank_loss(built, w, weighting, spectra) -> float:
    """From the singular values: no fit is needed."""
    loss = 0.0
    for part, piece, columns in _pieces(built, w):
        key = columns.start
        if key not in spectra:
            inner = None if weighting is None else weighting.columns(columns)
            spectra[key] = weighted_spectrum(piece, inner)
        loss += float(np.sum(np.square(spectra[key][part.rank :])))
    return loss


def _fitted_loss(built, w, weighting) -> float:
    loss = 0.0
    for part, piece, columns in _pieces(built, w):
        inner = None if weighting is None else weighting.columns(columns)
        fit(part, piece)  # the plain fit ranks options well enough, and is quick
        loss += _cost_of(piece - dense(part), piece, inner)
    return loss


def _cost_of(error: np.ndarray, w: np.ndarray, weighting: Weighting | None) -> float:
    return float(np.sum(error * error)) if weighting is None else weighting.cost(error)


def _efficient(options: list[Option]) -> list[Option]:
    kept: list[Option] = []
    for option in sorted(options, key=lambda o: (o.cost, o.loss)):
        if not kept or option.loss < kept[-1].loss:
            kept.append(option)
    return kept
