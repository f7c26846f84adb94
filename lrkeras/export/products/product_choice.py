"""Choosing the form in which a file multiplies by a structure."""

import numpy as np

from lrkeras.export.products.by_structure import needs_transforms, transform_product
from lrkeras.export.products.product_costs import (
    FACTORS,
    FLOAT_BLOCKS,
    FLOAT_WEIGHTS,
    INT8_BLOCKS,
    TRANSFORMS,
    ProductForm,
    dense_form,
    small_form,
    sparse_form,
)
from lrkeras.export.products.structured_base import (
    are_stacked,
    base_macs,
    base_terms,
    sparse_part,
)
from lrkeras.export.quantization import Quantization
from lrkeras.export.tflite.sparse_tensor import BLOCK, MAX_COLUMN_BLOCKS
from lrkeras.structures import Structure

# Nodes of a product by small Fourier transforms, and of one factor by factor.
_TRANSFORM_NODES, _FACTOR_NODES = 20, 4


def forms_of(structure: Structure, quantization: Quantization) -> list[ProductForm]:
    """The forms that are right for a structure, the one to use first.

    Args:
        structure: The built structure of a whole matrix.
        quantization: How the file is rounded.
    """
    sparse, base = sparse_part(structure), base_form(structure)
    if sparse is None and base is not None and base.name == FACTORS:
        return [base]
    inputs, outputs = structure.shape
    found = [dense_form(outputs, inputs, quantization)]
    if sparse is not None and sparse.any():
        has_base = any(base_terms(structure))
        beside = base if has_base else ProductForm("", 0.0, 0)
        if beside is not None:
            found += [_with(form, beside) for form in sparse_forms(sparse.T, quantization)]
    elif sparse is None and base is not None:
        found.append(base)
    return sorted(found, key=lambda form: form.score)


def sparse_forms(weight: np.ndarray, quantization: Quantization) -> list[ProductForm]:
    """The sparse forms of a matrix (outputs, inputs)."""
    if not quantization.has_sparse_products:
        return []
    names = [FLOAT_BLOCKS, FLOAT_WEIGHTS]
    # The runtime keeps the column of an int8 block in one byte.
    if quantization.has_int8_blocks and weight.shape[1] <= MAX_COLUMN_BLOCKS * BLOCK:
        names.append(INT8_BLOCKS)
    return [sparse_form(name, weight) for name in names]


def base_form(structure: Structure) -> ProductForm | None:
    """The structured part of a matrix, or None if it has no product but the dense one."""
    blocks = base_terms(structure)
    terms = [term for block in blocks for term in block]
    toeplitz = [term for term in terms if needs_transforms(term)]
    if not toeplitz:
        nodes = _FACTOR_NODES * (1 if are_stacked(blocks) else len(terms))
        numbers = sum(term.num_params for term in terms)
        return small_form(FACTORS, base_macs(blocks), numbers, nodes)
    together = len(toeplitz) == len(terms) == len(blocks)
    groups = [toeplitz] if together else [[term] for term in toeplitz]
    products = [product for group in groups if (product := transform_product(group)) is not None]
    if len(products) < len(groups):
        return None  # a prime has no small transforms
    others = [term for term in terms if not needs_transforms(term)]
    return small_form(
        TRANSFORMS,
        sum(product.macs for product in products) + sum(term.macs for term in others),
        sum(product.constants for product in products) + sum(term.num_params for term in others),
        _TRANSFORM_NODES * len(products) + _FACTOR_NODES * len(others),
    )


def _with(form: ProductForm, base: ProductForm) -> ProductForm:
    return ProductForm(form.name, form.us + base.us, form.bytes + base.bytes)
