"""Addressing matrices by patterns of their names."""

from collections.abc import Iterable, Sequence

from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.system.name_patterns import did_you_mean, is_one_of


def is_meant(matrix: WeightMatrix, pattern: str) -> bool:
    """Whether a pattern means a matrix.

    Args:
        matrix: The matrix, with a name such as `"encoder/lstm_1.recurrent"`: path of the layer, a
            dot, the matrix.
        pattern: A shell pattern for the whole name, for the layer's path, or for either without
            the models around it: `"lstm_1.recurrent"`, `"*.kernel"`, `"lstm*"`, `"encoder/*"`.
            A matrix that would take the place of others, `joint`, is meant only where the pattern
            ends in its name.
    """
    path, _, role = matrix.name.rpartition(".")
    if role in matrix.owner.optional_roles and not pattern.endswith(f".{role}"):
        return False
    short = path.rpartition("/")[2]
    names = (matrix.name, path, f"{short}.{role}", short)
    return is_one_of(names, pattern)


def check_patterns(
    patterns: Iterable[str], matrices: Sequence[WeightMatrix], argument: str
) -> None:
    """Raises `ValueError` that lists all names where a pattern means none of the matrices."""
    names = [t.name for t in matrices]
    for pattern in patterns:
        if not isinstance(pattern, str):
            raise ValueError(f"`{argument}` expects patterns (strings), received {pattern!r}.")
        if not any(is_meant(matrix, pattern) for matrix in matrices):
            layers = sorted({name.rpartition(".")[0] for name in names})
            hint = did_you_mean(pattern, [*names, *layers])
            raise ValueError(
                f"`{argument}`: no matrix is called {pattern!r}.{hint} The model has: "
                f"{', '.join(names)}."
            )
