"""What becomes of each structure in a file: the one place where conversion knows their classes.

A structure that is not named here is multiplied as its own `matmul` does it.
"""

import contextlib
import functools
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from lrkeras.export.products.dense_product import DenseProduct
from lrkeras.export.products.factor_gates import HybridGates, LowRankGates
from lrkeras.export.products.fourier_stages import split
from lrkeras.export.products.kronecker_gates import KroneckerGates
from lrkeras.export.products.monarch_gates import MonarchGates
from lrkeras.export.products.replaced_product import replaced_product
from lrkeras.export.products.toeplitz_product import ToeplitzProduct
from lrkeras.structures import Hybrid, Kronecker, LowRank, Monarch, Sparse, Structure, ToeplitzLike

Product = Callable[[Any], Any]


@functools.singledispatch
def is_sparse(structure: Structure) -> bool:
    """Whether a file may hold the entries that are not zero alone."""
    return False


@is_sparse.register
def _(structure: Sparse) -> bool:
    return True


@functools.singledispatch
def needs_transforms(structure: Structure) -> bool:
    """Whether its factors are multiplied by Fourier transforms, which the runtime has not."""
    return False


@needs_transforms.register
def _(structure: ToeplitzLike) -> bool:
    return True


@functools.singledispatch
def stacked_class(structure: Structure) -> type | None:
    """The product of equal structures side by side whose factors are multiplied together.

    Such a class takes the structures and a factor for each output. It multiplies a single vector;
    `structured_base` says which take more.
    """
    return None


@stacked_class.register
def _(structure: LowRank) -> type:
    return LowRankGates


@stacked_class.register
def _(structure: Hybrid) -> type:
    return HybridGates


@stacked_class.register
def _(structure: Kronecker) -> type:
    return KroneckerGates


@stacked_class.register
def _(structure: Monarch) -> type:
    return MonarchGates


def transform_product(parts: list[Any], scale: np.ndarray | None = None) -> ToeplitzProduct | None:
    """The product of equal Toeplitz-like structures; None where a side is a prime."""
    return ToeplitzProduct(parts, scale) if split(max(parts[0].shape)) else None


@functools.singledispatch
def deployed(structure: Structure) -> AbstractContextManager:
    """While it lasts, a single structure has the product that it has in every file."""
    return contextlib.nullcontext()


@deployed.register
def _(structure: Hybrid) -> AbstractContextManager:
    return replaced_product(structure, HybridGates([structure]))


@deployed.register
def _(structure: ToeplitzLike) -> AbstractContextManager:
    product = transform_product([structure]) or DenseProduct(structure).matmul
    return replaced_product(structure, product)


@deployed.register
def _(structure: Sparse) -> AbstractContextManager:
    return structure.mask_folded()
