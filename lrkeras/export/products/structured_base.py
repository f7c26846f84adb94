"""The sparse parts of a structure, and what is left of it without them."""

from typing import Any

import numpy as np
from keras import ops

from lrkeras.export.products.by_structure import (
    Product,
    is_sparse,
    needs_transforms,
    stacked_class,
    transform_product,
)
from lrkeras.export.products.factor_gates import HybridGates, LowRankGates
from lrkeras.export.products.toeplitz_product import ToeplitzProduct
from lrkeras.structures import Structure

# Products of all blocks at once that take more than one vector.
_OF_MANY_VECTORS = (HybridGates, LowRankGates, ToeplitzProduct)


def sparse_part(structure: Structure | None) -> np.ndarray | None:
    """The sum of a structure's sparse terms, (inputs, outputs), or None if it has none."""
    if structure is None:
        return None
    blocks, found = [], False
    for block in structure.column_blocks():
        total = np.zeros(block.shape, np.float32)
        for term in filter(is_sparse, block.summands()):
            found = True
            total += np.asarray(ops.convert_to_numpy(term.to_dense()), np.float32)
        blocks.append(total)
    return np.concatenate(blocks, axis=1) if found else None


def base_terms(structure: Structure) -> list[list[Structure]]:
    """The terms of each block of columns that are not sparse."""
    return [
        [term for term in block.summands() if not is_sparse(term)]
        for block in structure.column_blocks()
    ]


def base_product(structure: Structure, scale: np.ndarray | None = None) -> Product | None:
    """A function of v (..., inputs) of known shape that multiplies by all but the sparse parts.

    Args:
        structure: A built structure.
        scale: float, (outputs,), equal within a block of columns: factor of each output.

    Returns:
        The function; None if the structure is nothing but sparse.
    """
    blocks = base_terms(structure)
    if not any(blocks):
        return None
    whole = one_product(blocks, scale)

    def product(v: Any) -> Any:
        single = len(v.shape) == 2 and v.shape[0] == 1
        if whole is not None and (single or isinstance(whole, _OF_MANY_VECTORS)):
            return whole(v)
        joined = _product_of_terms(blocks, v)
        return joined if scale is None else joined * scale

    return product


def one_product(blocks: list[list[Structure]], scale: np.ndarray | None = None) -> Product | None:
    """The product for all blocks of columns at once, where there is one, else None."""
    if any(len(terms) != 1 for terms in blocks):
        return None
    parts = [terms[0] for terms in blocks]
    if are_stacked(blocks):
        ones = np.ones(len(parts) * parts[0].shape[1], np.float32)
        return stacked_class(parts[0])(parts, ones if scale is None else scale)  # type: ignore[misc]
    if all(map(needs_transforms, parts)):
        return transform_product(parts, scale)
    return None


def are_stacked(blocks: list[list[Structure]]) -> bool:
    """Whether the factors of several blocks of columns are multiplied together."""
    kinds = {type(term) for terms in blocks for term in terms}
    is_single = all(len(terms) == 1 for terms in blocks)
    return (
        is_single
        and len(blocks) > 1
        and len(kinds) == 1
        and stacked_class(blocks[0][0]) is not None
    )


def base_macs(blocks: list[list[Structure]]) -> int:
    """Multiply-accumulates of a product with one vector, term by term."""
    return sum(type(terms[0]).macs_side_by_side(terms) for terms in _equal_terms(blocks))


def _product_of_terms(blocks: list[list[Structure]], v: Any) -> Any:
    if _are_alike(blocks):
        # Work that the blocks share, such as a common projection, is done once.
        return sum(type(t[0]).matmul_side_by_side(t, v) for t in _equal_terms(blocks))
    outputs = [sum(term.matmul(v) for term in terms) for terms in blocks]
    return ops.concatenate(outputs, axis=-1) if len(outputs) > 1 else outputs[0]


def _equal_terms(blocks: list[list[Structure]]) -> list[list[Structure]]:
    """The first terms of all blocks, the second ones, ...; one by one where blocks differ."""
    if not _are_alike(blocks):
        return [[term] for terms in blocks for term in terms]
    return [list(terms) for terms in zip(*blocks, strict=True)]


def _are_alike(blocks: list[list[Structure]]) -> bool:
    return len({tuple(type(term) for term in terms) for terms in blocks}) == 1
