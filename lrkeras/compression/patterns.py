"""Addressing matrices by patterns of their names."""

import difflib
import fnmatch
from collections.abc import Iterable, Sequence


def matches(name: str, pattern: str) -> bool:
    """Whether a pattern means a matrix.

    Args:
        name: Such as `"encoder/lstm_1.recurrent"`: path of the layer, a dot, the matrix.
        pattern: A shell pattern for the whole name, for the layer's path, or for either without
            the models around it: `"lstm_1.recurrent"`, `"*.kernel"`, `"lstm*"`, `"encoder/*"`.
            A `joint` matrix, which takes the place of two others, is meant only where the pattern
            ends in `.joint`.
    """
    path, _, role = name.rpartition(".")
    if role == "joint" and not pattern.endswith(".joint"):
        return False
    short = path.rpartition("/")[2]
    names = (name, path, f"{short}.{role}", short)
    return any(fnmatch.fnmatchcase(candidate, pattern) for candidate in names)


def check_patterns(patterns: Iterable[str], names: Sequence[str], argument: str) -> None:
    """Raises `ValueError` that lists all names where a pattern means none of them."""
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"`{argument}` expects patterns (strings), received {pattern!r}.")
        if not any(matches(name, pattern) for name in names):
            layers = sorted({name.rpartition(".")[0] for name in names})
            near = difflib.get_close_matches(pattern, [*names, *layers], n=1)
            hint = f" Did you mean {near[0]!r}?" if near else ""
            raise ValueError(
                f"`{argument}`: no matrix is called {pattern!r}.{hint} The model has: "
                f"{', '.join(names)}."
            )
