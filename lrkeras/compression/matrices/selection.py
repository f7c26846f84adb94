"""Which structures each matrix of a model may have."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from lrkeras.compression.matrices.owners import owner_of
from lrkeras.compression.matrices.patterns import check_patterns, is_meant
from lrkeras.compression.matrices.weight_matrix import WeightMatrix
from lrkeras.model_graph.layers_of import single_layers
from lrkeras.structures import (
    Hybrid,
    Kronecker,
    LowRank,
    Monarch,
    Sparse,
    Structure,
    doped,
    get,
)
from lrkeras.system.name_patterns import listed

Selection = dict[str, tuple[WeightMatrix, list[Structure]]]


def auto_families() -> list[Structure]:
    """What `"auto"` chooses from: structures with a fast product on the phone."""
    return [
        LowRank(),
        Hybrid(),
        Kronecker(),
        Monarch(),
        Sparse(block=(1, 16), padding="same"),
        doped(LowRank(), density=0.1, block=(1, 16)),
    ]


def select(
    model: keras.Model,
    what: Any,
    include: Sequence[str] | str | None,
    exclude: Sequence[str] | str | None,
) -> tuple[Selection, dict[str, str]]:
    """Finds the matrices of a model and what each may become.

    Args:
        model: The model.
        what: As in `compress`.
        include: Patterns; matrices that match none are left alone. `None`: all.
        exclude: Patterns of matrices to leave alone.

    Returns:
        `(selection, skipped)`: matrix and candidates by name, and the reason by name of everything
        else that has weights.

    Raises:
        ValueError: If a pattern means no matrix, a structure is unknown, or nothing can be chosen.
    """
    matrices, skipped = _matrices(model)
    if not matrices:
        raise ValueError(
            f"The model `{model.name}` has no matrix that can be compressed. Expected LSTM, GRU, "
            f"SimpleRNN, Dense or Embedding layers; received {_kinds(model)}."
        )
    check_patterns(listed(include), matrices, "include")
    check_patterns(listed(exclude), matrices, "exclude")
    wanted = _wanted(what)
    if isinstance(what, Mapping):
        check_patterns(wanted, matrices, "what")
    selection: Selection = {}
    for matrix in matrices:
        candidates = next((c for p, c in wanted.items() if is_meant(matrix, p)), None)
        reason = _reason(matrix, candidates, include, exclude)
        if reason is None and candidates:
            selection[matrix.name] = (matrix, candidates)
        elif matrix.role in matrix.owner.roles:
            skipped[matrix.name] = reason or "no structure was given for it"
    _prefer_joint(selection, skipped)
    return selection, skipped


def automatic(selection: Selection, what: Any) -> set[str]:
    """Names of the matrices for which `"auto"` chooses."""
    by_pattern = what if isinstance(what, Mapping) and "class_name" not in what else {"*": what}
    found = set()
    for name, (matrix, _) in selection.items():
        wanted = next((w for p, w in by_pattern.items() if is_meant(matrix, p)), None)
        if isinstance(wanted, str) and wanted == "auto":
            found.add(name)
    return found


def _matrices(model: keras.Model) -> tuple[list[WeightMatrix], dict[str, str]]:
    matrices, skipped = [], {}
    for path, layer, caller in single_layers(model):
        owner = owner_of(layer, path)
        if owner is not None:
            roles = (*owner.roles, *owner.optional_roles)
            matrices += [WeightMatrix(owner, caller, role) for role in roles]
        elif layer.weights:
            skipped[path] = f"unsupported: {type(layer).__name__} has no matrix that is known"
    return matrices, skipped


def _reason(matrix, candidates, include, exclude) -> str | None:
    def among(patterns):
        return any(is_meant(matrix, p) for p in listed(patterns))

    if include is not None and not among(include):
        return "excluded: not in `include`"
    if among(exclude):
        return "excluded: in `exclude`"
    if not candidates:
        return "no structure was given for it"
    return matrix.refusal()


def _prefer_joint(selection: Selection, skipped: dict[str, str]) -> None:
    """A matrix over `[x; h]` takes the place of the two it is made of."""
    for name in [name for name in selection if name.endswith(".joint")]:
        path = name.removesuffix(".joint")
        for role in ("kernel", "recurrent"):
            selection.pop(f"{path}.{role}", None)
            skipped.pop(f"{path}.{role}", None)


def _wanted(what: Any) -> dict[str, list[Structure]]:
    if isinstance(what, Mapping) and "class_name" not in what:
        if not what:
            raise ValueError("`what` is an empty mapping. Expected patterns and their structures.")
        return {p: [] if w is None else _candidates(w) for p, w in what.items()}
    return {"*": _candidates(what)}


def _candidates(what: Any) -> list[Structure]:
    if isinstance(what, str) and what == "auto":
        return auto_families()
    several = what if isinstance(what, (list, tuple)) else [what]
    found = [get(w) for w in several]
    if not found or any(f is None for f in found):
        raise ValueError(
            f'Expected a structure, its name, a list of them or "auto", received {what!r}.'
        )
    return found


def _kinds(model: keras.Model) -> list[str]:
    return sorted({type(layer).__name__ for _, layer, _ in single_layers(model)})
