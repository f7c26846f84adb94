"""The choices for one matrix, and the best choice for all."""

import dataclasses

import numpy as np
from scipy import optimize, sparse

from lrkeras.structures import Structure


@dataclasses.dataclass(frozen=True)
class Option:
    """One way to store a matrix.

    Attributes:
        spec: The structure, or `None` for the matrix as it is.
        cost: What it takes of the budget.
        loss: What it costs in quality.
    """

    spec: Structure | None
    cost: float
    loss: float


def allocate(options: list[list[Option]], budget: float) -> list[Option] | None:
    """Chooses one option for each matrix, with the least sum of losses within the budget.

    The multiple-choice knapsack problem, solved to optimality as a mixed-integer programme.

    Args:
        options: For each matrix its options.
        budget: Limit of the sum of the costs.

    Returns:
        The chosen options in order, or `None` if not even the cheapest fit.
    """
    if sum(min(o.cost for o in choices) for choices in options) > budget:
        return None
    flat = [option for choices in options for option in choices]
    owner = np.repeat(np.arange(len(options)), [len(choices) for choices in options])
    one_each = sparse.csr_matrix((np.ones(len(flat)), (owner, np.arange(len(flat)))))
    costs = np.array([option.cost for option in flat], float)
    losses = np.array([option.loss for option in flat], float)
    # In shares, so that the solver's absolute tolerances do not bind.
    scale = budget if budget > 0 else 1.0
    found = optimize.milp(
        losses / (losses.max() or 1.0),
        integrality=np.ones(len(flat)),
        bounds=optimize.Bounds(0, 1),
        constraints=[
            optimize.LinearConstraint(one_each, 1, 1),
            optimize.LinearConstraint(costs[None] / scale, -np.inf, budget / scale * (1 - 1e-9)),
        ],
        options={"time_limit": 30.0, "mip_rel_gap": 1e-6},
    )
    if found.x is None:  # the cheapest ones fit to the last digit only
        return [min(choices, key=lambda o: o.cost) for choices in options]
    chosen = np.flatnonzero(found.x > 0.5)
    return [flat[i] for i in chosen]
