"""Choosing the form in which a file multiplies by a structure."""

import numpy as np

from lrkeras.export.products.fourier_stages import split
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
from lrkeras.export.products.structured_base import are_stacked, base_terms, sparse_part
from lrkeras.export.products.toeplitz_product import ToeplitzProduct
from lrkeras.export.tflite.sparse_tensor import BLOCK, MAX_COLUMN_BLOCKS
from lrkeras.structures import Structure, ToeplitzLike

# Nodes of a product by small Fourier transforms, and of one factor by factor.
_TRANSFORM_NODES, _FACTOR_NODES = 20, 4


def forms_of(structure: Structure, quantize: str | None) -> list[ProductForm]:
    """The forms that are right for a structure, the one to use first.

    Args:
        structure: The built structure of a whole matrix.
        quantize: As `convert` takes it.
    """
    sparse, base = sparse_part(structure), base_form(structure)
    if sparse is None and base is not None and base.name == FACTORS:
        return [base]
    inputs, outputs = structure.shape
    found = [dense_form(outputs, inputs, quantize)]
    if sparse is not None and sparse.any():
        has_base = any(base_terms(structure))
        beside = base if has_base else ProductForm("", 0.0, 0)
        if beside is not None:
            found += [_with(form, beside) for form in sparse_forms(sparse.T, quantize)]
    elif sparse is None and base is not None:
        found.append(base)
    return sorted(found, key=lambda form: form.score)


def sparse_forms(weight: np.ndarray, quantize: str | None) -> list[ProductForm]:
    """The sparse forms of a matrix (outputs, inputs)."""
    if quantize == "int8_full":
        return []  # the quantiser of activations does not know them
    names = [FLOAT_BLOCKS, FLOAT_WEIGHTS]
    # The runtime keeps the column of an int8 block in one byte.
    if quantize == "int8" and weight.shape[1] <= MAX_COLUMN_BLOCKS * BLOCK:
        names.append(INT8_BLOCKS)
    return [sparse_form(name, weight) for name in names]


def base_form(structure: Structure) -> ProductForm | None:
    """The structured part of a matrix, or None if it has no product but the dense one."""
    gates = base_terms(structure)
    terms = [term for gate in gates for term in gate]
    toeplitz = [term for term in terms if isinstance(term, ToeplitzLike)]
    if not toeplitz:
        macs, numbers = (sum(getattr(t, name) for t in terms) for name in ("macs", "num_params"))
        nodes = _FACTOR_NODES * (1 if are_stacked(gates) else len(terms))
        return small_form(FACTORS, macs, numbers, nodes)
    if split(max(toeplitz[0].shape)) is None:
        return None  # a prime has no small transforms
    together = len(toeplitz) == len(terms) == len(gates)
    products = [ToeplitzProduct(g) for g in ([toeplitz] if together else [[t] for t in toeplitz])]
    others = [term for term in terms if not isinstance(term, ToeplitzLike)]
    return small_form(
        TRANSFORMS,
        sum(p.macs for p in products) + sum(t.macs for t in others),
        sum(p.constants for p in products) + sum(t.num_params for t in others),
        _TRANSFORM_NODES * len(products) + _FACTOR_NODES * len(others),
    )


def _with(form: ProductForm, base: ProductForm) -> ProductForm:
    return ProductForm(form.name, form.us + base.us, form.bytes + base.bytes)
