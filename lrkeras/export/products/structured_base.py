"""What is left of a structure without its sparse parts."""

from collections.abc import Callable
from typing import Any

import numpy as np
from keras import ops

from lrkeras.export.products.fourier_stages import split
from lrkeras.export.products.kronecker_gates import KroneckerGates
from lrkeras.export.products.monarch_gates import MonarchGates
from lrkeras.export.products.toeplitz_product import ToeplitzProduct
from lrkeras.structures import (
    Concatenated,
    Kronecker,
    Monarch,
    Sparse,
    Structure,
    Sum,
    ToeplitzLike,
)

_PRODUCTS_OF_GATES: dict[type, Callable] = {Kronecker: KroneckerGates, Monarch: MonarchGates}


def sparse_part(structure: Structure | None) -> np.ndarray | None:
    """The sum of a structure's sparse terms, (inputs, outputs), or None if it has none."""
    if structure is None:
        return None
    gates, found = [], False
    for part in parts_of(structure):
        total = np.zeros(part.shape, np.float32)
        for term in _terms(part):
            if isinstance(term, Sparse):
                found = True
                total += np.asarray(ops.convert_to_numpy(term.to_dense()), np.float32)
        gates.append(total)
    return np.concatenate(gates, axis=1) if found else None


def base_terms(structure: Structure) -> list[list[Structure]]:
    """The terms of each part that are not sparse."""
    return [
        [term for term in _terms(part) if not isinstance(term, Sparse)]
        for part in parts_of(structure)
    ]


def base_product(structure: Structure, scale: np.ndarray | None = None) -> Callable | None:
    """A function of v (..., inputs) of known shape that multiplies by all but the sparse parts.

    Args:
        structure: A built structure.
        scale: float, (outputs,), equal within a part: factor of each output.

    Returns:
        The function; None if the structure is nothing but sparse.
    """
    gates = base_terms(structure)
    if not any(gates):
        return None
    whole = one_product(gates, scale)
    separate = [[term.matmul for term in terms] for terms in gates]

    def product(v: Any) -> Any:
        # The stacked factors of gates are for one vector.
        single = len(v.shape) == 2 and v.shape[0] == 1
        if whole is not None and (single or isinstance(whole, ToeplitzProduct)):
            return whole(v)
        outputs = [sum(multiply(v) for multiply in gate) for gate in separate]
        joined = ops.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]
        return joined if scale is None else joined * scale

    return product


def one_product(gates: list[list[Structure]], scale: np.ndarray | None = None) -> Any:
    """The product for all parts at once, where there is one, else None."""
    if any(len(terms) != 1 for terms in gates):
        return None
    parts = [terms[0] for terms in gates]
    if are_stacked(gates):
        ones = np.ones(len(parts) * parts[0].shape[1], np.float32)
        return _PRODUCTS_OF_GATES[type(parts[0])](parts, ones if scale is None else scale)
    if all(isinstance(part, ToeplitzLike) for part in parts) and split(max(parts[0].shape)):
        return ToeplitzProduct(parts, scale)
    return None


def are_stacked(gates: list[list[Structure]]) -> bool:
    """Whether the factors of several parts are multiplied together."""
    kinds = {type(term) for terms in gates for term in terms}
    is_single = all(len(terms) == 1 for terms in gates)
    return is_single and len(gates) > 1 and len(kinds) == 1 and kinds <= set(_PRODUCTS_OF_GATES)


def parts_of(structure: Structure) -> list[Structure]:
    """The matrices side by side that a structure is made of; itself if it is one."""
    return structure.parts if isinstance(structure, Concatenated) else [structure]


def _terms(part: Structure) -> list[Structure]:
    return part.parts if isinstance(part, Sum) else [part]
