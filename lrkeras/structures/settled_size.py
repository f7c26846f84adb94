"""The size (rank, number of terms) of a structure: given, by default, or from `compression`."""

import math

import numpy as np

from lrkeras.structures.finite_matrix import pretty_shape


def checked_size(structure, value):
    """The size that a structure's constructor was given, or `None`.

    Raises:
        ValueError: If it is no positive integer, or `compression` was given too.
    """
    kind, name = type(structure).__name__, structure.size_argument
    if value is not None and structure.compression is not None:
        raise ValueError(
            f"{kind} takes `{name}` or `compression`, not both. "
            f"Received: {name}={value}, compression={structure.compression}"
        )
    if value is not None and (not isinstance(value, (int, np.integer)) or value < 1):
        raise ValueError(
            f"`{name}` of {kind} must be a positive integer. Received: {name}={value!r}"
        )
    return None if value is None else int(value)


def settled_size(structure, overhead):
    """The size of a structure whose shape is known.

    Args:
        structure: A structure with a `size_argument`.
        overhead: Parameters beside the matrix, which count where `compression` is given.

    Raises:
        ValueError: If the shape allows no such size.
    """
    if structure.compression is not None:
        return _largest_within(structure, overhead)
    given, largest = structure._given_size, structure._largest_size()
    size = structure._default_size() if given is None else given
    if size > largest:
        name = structure.size_argument
        raise ValueError(
            f"`{name}` of {type(structure).__name__} must be between 1 and {largest} for a matrix "
            f"of {pretty_shape(structure.shape)}. Received: {name}={size}"
        )
    return size


def _largest_within(structure, overhead):
    """The largest size that is `compression` times smaller than the dense matrix."""
    compression, params_at = structure.compression, structure._params_at
    dense = math.prod(structure.shape) + overhead
    beside = overhead + structure.spent
    low, high = 0, structure._largest_size()
    while low < high:  # parameters grow with the size
        middle = (low + high + 1) // 2
        if (params_at(middle) + beside) * compression <= dense:
            low = middle
        else:
            high = middle - 1
    if low == 0:
        reach = dense / (params_at(1) + beside)
        raise ValueError(
            f"{type(structure).__name__} cannot make a matrix of {pretty_shape(structure.shape)} "
            f"{compression:g} times smaller: the smallest, {structure.size_argument}=1, is "
            f"{reach:.4g} times smaller{' (biases counted)' if beside else ''}. Ask for "
            f"compression <= {math.floor(reach * 1000) / 1000:g}."
        )
    return low
