"""The best choice of one candidate for each matrix: a multiple-choice knapsack problem."""

import dataclasses

import numpy as np

from lrkeras.structures import Structure

# Partial choices that are carried from one matrix to the next. Up to this many the result is the
# optimum; of more, the best one is kept in each of as many equal ranges of cost.
_MOST_CHOICES = 5_000


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One way to store a matrix: an item of the knapsack problem.

    Attributes:
        spec: The structure, or `None` for the matrix as it is.
        cost: What it takes of the budget.
        loss: What it costs in quality.
    """

    spec: Structure | None
    cost: float
    loss: float


@dataclasses.dataclass(frozen=True)
class _Choices:
    """Partial choices by rising cost and falling loss, one for each matrix so far.

    Attributes:
        costs, losses: Their sums.
        before: For each the partial choice that it extends, an index.
        taken: For each the candidate of the last matrix, an index.
    """

    costs: np.ndarray
    losses: np.ndarray
    before: np.ndarray
    taken: np.ndarray


def allocate(candidates: list[list[Candidate]], budget: float) -> list[Candidate] | None:
    """Chooses one candidate for each matrix, with the least sum of losses within the budget.

    Dynamic programming over the choices that no other one beats in both cost and loss. It takes
    the same steps on every machine, however long they last.

    Args:
        candidates: For each matrix what it may become.
        budget: Limit of the sum of the costs.

    Returns:
        The chosen candidates in order, or `None` if not even the cheapest fit.
    """
    cheapest = [min(c.cost for c in found) for found in candidates]
    # Sums of decimal fractions differ in the last digits with the order of their terms.
    limit = budget + 1e-9 * abs(budget)
    if sum(cheapest) > limit:
        return None
    steps: list[_Choices] = []
    costs, losses = np.zeros(1), np.zeros(1)
    for number, found in enumerate(candidates):
        room = limit - sum(cheapest[number + 1 :])
        steps.append(_extended(costs, losses, found, room))
        costs, losses = steps[-1].costs, steps[-1].losses
    place = len(losses) - 1  # the dearest one loses the least
    chosen = []
    for found, step in zip(reversed(candidates), reversed(steps), strict=True):
        chosen.append(found[step.taken[place]])
        place = step.before[place]
    return chosen[::-1]


def _extended(
    costs: np.ndarray, losses: np.ndarray, found: list[Candidate], room: float
) -> _Choices:
    """Every partial choice with every candidate of one more matrix, without what is beaten."""
    all_costs = np.add.outer(costs, [c.cost for c in found]).ravel()
    all_losses = np.add.outer(losses, [c.loss for c in found]).ravel()
    order = np.lexsort((all_losses, all_costs))
    order = order[all_costs[order] <= room]
    least = np.minimum.accumulate(all_losses[order])
    order = order[np.concatenate([[True], all_losses[order][1:] < least[:-1]])]
    if len(order) > _MOST_CHOICES:
        order = order[_spread(all_costs[order])]
    before, taken = np.divmod(order, len(found))
    return _Choices(all_costs[order], all_losses[order], before, taken)


def _spread(costs: np.ndarray) -> np.ndarray:
    """Indices of the cheapest and of the last one in each of equal ranges of rising costs."""
    ranges = np.floor((costs - costs[0]) / (costs[-1] - costs[0]) * (_MOST_CHOICES - 1))
    last = np.append(ranges[1:] != ranges[:-1], True)
    return np.flatnonzero(last | (np.arange(len(costs)) == 0))
