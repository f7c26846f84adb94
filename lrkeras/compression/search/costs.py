"""What matrices take of a budget."""

import math
from collections.abc import Sequence

import keras

from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.compression.search.budget import Budget
from lrkeras.structures import Structure
from lrkeras.structures.bytes_of import bytes_of
from lrkeras.structures.stored_size import StoredSize


def cost_of(built: Sequence[Structure], budget: Budget) -> float:
    """What built structures take together: bytes, parameters, or multiplications for a time."""
    if budget.kind == "bytes":
        return sum(s.num_bytes(budget.dtype) for s in built)
    if budget.kind == "us":  # multiplications stand for time until it is measured
        return sum(s.macs for s in built)
    return sum(s.num_params for s in built)


def cost_as(
    matrix: WeightMatrix, spec: Structure, gate_layout: str, budget: Budget
) -> float | None:
    """What a matrix would take with a structure; `None` where it cannot have it."""
    if not spec.has_groups:
        part = matrix.part(spec, gate_layout)
        return None if isinstance(part, str) else part[1] * cost_of([part[0]], budget)
    built = matrix.build(spec, gate_layout)  # what is shared counts once
    return None if isinstance(built, str) else cost_of(built, budget)


def current_cost(matrix: WeightMatrix, budget: Budget) -> float:
    """What a matrix takes as it is."""
    held = matrix.owner.held(matrix.role)
    if held:
        return cost_of(held, budget)
    entries = math.prod(matrix.shape)
    return bytes_of(entries, budget.dtype) if budget.kind == "bytes" else entries


def fixed_cost(model: keras.Model, chosen: Sequence[WeightMatrix], budget: Budget) -> float:
    """What everything but the matrices that may change takes.

    In bytes, all other matrices and kernels count in the type of the budget, as converted files
    store them; vectors and biases stay float32.
    """
    if budget.kind == "us":
        return 0.0
    in_bytes = budget.kind == "bytes"
    whole = StoredSize.of(model, budget.dtype).bytes if in_bytes else StoredSize.of(model).params
    return whole - sum(current_cost(matrix, budget) for matrix in chosen)
