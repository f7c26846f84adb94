"""The same cut for every matrix, as someone without a search would choose it."""

from collections.abc import Mapping

from lrkeras.compression.matrices.selection import Selection
from lrkeras.compression.search.budget import Budget
from lrkeras.compression.search.costs import cost_as, current_cost
from lrkeras.structures import Structure

_TRIALS = 6
# The least of a budget that is used well enough, and a ratio above which nothing is left.
_USED, _LARGEST_RATIO = 0.98, 1e4


def even_cut(
    selection: Selection, number: int, gate_layout: str, budget: Budget, limit: float
) -> dict[str, Structure] | None:
    """One structure, as many times smaller for each matrix, so that all of them fit a limit.

    Args:
        selection: The matrices and their families.
        number: Which of the families of each matrix; one that has fewer takes its last.
        gate_layout: As in `lrkeras.layers.LSTM`.
        budget: What costs are counted in.
        limit: What the matrices may take together.

    Returns:
        The structures by name of the matrix, without those that cannot be so small and stay as
        they are; `None` where no ratio fits.
    """
    whole = sum(current_cost(matrix, budget) for matrix, _ in selection.values())
    if limit <= 0 or whole <= limit:
        return None
    low, high, found = 1.0, _LARGEST_RATIO, None
    ratio = whole / limit
    for _ in range(_TRIALS):
        specs, cost = _cut(selection, number, gate_layout, budget, max(ratio, 1.001))
        if cost <= limit:
            found, high = specs, ratio
            if cost >= _USED * limit:
                break
        else:
            low = ratio
        # By as much as the cost is off; halved where that leaves what is known to hold.
        ratio *= cost / limit
        if not low < ratio < high:
            ratio = (low * high) ** 0.5
    return found or None


def _cut(
    selection: Selection, number: int, gate_layout: str, budget: Budget, ratio: float
) -> tuple[dict[str, Structure], float]:
    specs, total = {}, 0.0
    for name, (matrix, families) in selection.items():
        spec = families[min(number, len(families) - 1)].resized(ratio)
        cost = cost_as(matrix, spec, gate_layout, budget)
        if cost is None:
            total += current_cost(matrix, budget)
        else:
            specs[name] = spec
            total += cost
    return specs, total


def numbers_of_families(selection: Mapping) -> range:
    """How many even cuts there are."""
    return range(max((len(families) for _, families in selection.values()), default=0))
