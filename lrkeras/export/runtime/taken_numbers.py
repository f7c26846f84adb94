"""Numbers on their way into a file, and states out of it: none is changed without a word."""

import math
from collections.abc import Mapping

import numpy as np


def as_taken(value: np.ndarray, dtype: np.dtype, where: str) -> np.ndarray:
    """Brings numbers to the type of a file.

    A NaN in a state stays there until the stream is reset, and kernels with weights of 8 bits make
    ordinary numbers of it and of infinities: nobody would see that something is wrong.

    Args:
        value: Numbers, or truth values.
        dtype: What the file takes.
        where: Where they go in, for the message.

    Raises:
        ValueError: If one is not finite, or is no number of this type: an id with a fraction, or
            one that needs more bits.
    """
    is_float = dtype.kind == "f"
    if value.dtype == dtype:
        taken = value
    elif value.dtype.kind == "f":
        with np.errstate(invalid="ignore", over="ignore"):
            taken = value.astype(dtype)
    else:
        taken = value.astype(dtype)
    if taken is value and not is_float:
        return taken
    right = np.isfinite(taken) if is_float else taken == value
    if np.count_nonzero(right) == right.size:
        return taken
    place = tuple(map(int, np.argwhere(~right)[0]))
    wanted = "finite numbers" if is_float else f"numbers of the type {dtype}"
    raise ValueError(
        f"Expected {wanted} {where}, received {value[place]} at {place}, of {int((~right).sum())} "
        "such. The states are as they were before."
    )


def check_states(states: Mapping[str, np.ndarray]) -> None:
    """Checks the states that a call left: what is not finite stays so until a stream is reset.

    Raises:
        ValueError: If a number in one is not finite.
    """
    for name, state in states.items():
        # The squares of finite numbers mostly have a finite sum, which takes a third of the time.
        if state.dtype.kind != "f" or math.isfinite(np.vdot(state, state)):
            continue
        if not np.isfinite(state).all():
            raise ValueError(
                f"Expected finite states, received the state {name!r} with "
                f"{int((~np.isfinite(state)).sum())} numbers that are not, computed from finite "
                "inputs that are too large for the kernels (XNNPACK's sigmoid on AVX-512 gives NaN "
                "from about 1e28 on). Scale the inputs, or open the file with use_xnnpack=False. "
                "The states are as they were before."
            )
