"""The products of a model in the forms that its file has."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras
import numpy as np
from keras import ops

from lrkeras.export.products.hybrid_product import HybridProduct
from lrkeras.export.products.product_choice import forms_of
from lrkeras.export.products.product_costs import BLOCK_WIDTHS, DENSE, FACTORS, ProductForm
from lrkeras.export.products.sparse_product import SparseProduct
from lrkeras.export.products.structured_base import (
    base_product,
    base_terms,
    one_product,
    sparse_part,
)
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.layers.structured_cell import StructuredCell
from lrkeras.model_graph.layers_of import all_layers
from lrkeras.structures import (
    Concatenated,
    Hybrid,
    Sparse,
    Structure,
    ToeplitzLike,
    find_structures,
    outermost,
)

_OVERRIDDEN = ("matmul", "matmul_transpose", "rows")


class DeployedProducts:
    """Chooses a form for each structure of a model, and puts it in place while it is traced.

    Args:
        model: The model to convert.
        quantize: As `convert` takes it.
        fused: Whether a layer is lowered in the fused form, which reads its parts by itself.

    Attributes:
        forms: For each layer, by its identity, the forms of each of its structures that has
            others than its own product, the one in use first.
    """

    def __init__(
        self,
        model: keras.Model,
        quantize: str | None,
        fused: Callable[[keras.layers.Layer], bool],
    ):
        self._layers = all_layers(model)
        self._quantize = quantize
        self._fused = fused
        self._sparse: list[SparseProduct] = []
        self.forms: dict[int, list[list[ProductForm]]] = {}

    @contextlib.contextmanager
    def in_place(self) -> Iterator[None]:
        """While it lasts, products of structures are what the file shall have."""
        with contextlib.ExitStack() as stack:
            for layer in self._layers:
                structures = outermost(find_structures(layer))
                self._replace_inner(structures, stack)
                if self._fused(layer):
                    continue
                if isinstance(layer, keras.layers.Embedding):
                    # Look-ups need rows of the matrix, which small transforms do not give.
                    for structure in structures:
                        if find_structures(structure, ToeplitzLike):
                            stack.enter_context(_replaced(structure, _Dense(structure)))
                    continue
                self._choose(layer, structures, stack)
            yield

    def write(self, file: ModelFile, per_channel: bool) -> None:
        """Takes the zeros of sparse matrices out of a float file that was traced in place."""
        for product in self._sparse:
            product.write(file, per_channel)

    def _choose(
        self, layer: keras.layers.Layer, structures: list[Structure], stack: contextlib.ExitStack
    ) -> None:
        choices = [(structure, forms_of(structure, self._quantize)) for structure in structures]
        self.forms[id(layer)] = [forms for _, forms in choices if forms[0].name != FACTORS]
        recurrent = isinstance(getattr(layer, "cell", None), StructuredCell)
        if recurrent and choices and all(forms[0].name == DENSE for _, forms in choices):
            stack.enter_context(layer.cell.materialised(as_variables=True))
            return
        for structure, forms in choices:
            if forms[0].name == DENSE:
                stack.enter_context(_replaced(structure, _Dense(structure)))
            elif forms[0].name in BLOCK_WIDTHS:
                self._replace_sparse(structure, forms[0].name, stack)
            elif isinstance(structure, Concatenated):
                whole = one_product(base_terms(structure))
                if whole is not None:
                    stack.enter_context(_replaced(structure, base_product(structure)))

    def _replace_inner(self, structures: list[Structure], stack: contextlib.ExitStack) -> None:
        """Gives single matrices the products that they have wherever they are."""
        for structure in (inner for outer in structures for inner in outer.flatten()):
            if isinstance(structure, Hybrid):
                stack.enter_context(_replaced(structure, HybridProduct(structure)))
            elif isinstance(structure, ToeplitzLike):
                product = one_product([[structure]]) or _Dense(structure).matmul
                stack.enter_context(_replaced(structure, product))
            elif isinstance(structure, Sparse):
                stack.enter_context(structure.mask_folded())

    def _replace_sparse(self, structure: Structure, form: str, stack: Any) -> None:
        """Gives a structure, and each of its parts, a product with the stored blocks."""
        parts = structure.parts if isinstance(structure, Concatenated) else []
        for matrix in (structure, *parts):
            sparse = sparse_part(matrix)
            if sparse is None or not sparse.any():
                continue
            product = SparseProduct(sparse, form)
            self._sparse.append(product)
            stack.enter_context(_replaced(matrix, _sum_of(product, base_product(matrix))))


class _Dense:
    """The products of a structure with its dense matrix."""

    def __init__(self, structure: Structure):
        dense = np.asarray(ops.convert_to_numpy(structure.to_dense()), np.float32)
        # The converter takes minutes over large constants, but not over variables.
        self._matrix = keras.Variable(dense, trainable=False, dtype="float32")

    def matmul(self, x: Any) -> Any:
        return ops.matmul(x, self._matrix)

    def matmul_transpose(self, y: Any) -> Any:
        return ops.matmul(y, ops.transpose(self._matrix))

    def rows(self, ids: Any) -> Any:
        return ops.take(self._matrix, ids, axis=0)


def _sum_of(product: Callable, base: Callable | None) -> Callable:
    return product if base is None else lambda x: product(x) + base(x)


@contextlib.contextmanager
def _replaced(structure: Structure, by: Any) -> Iterator[None]:
    """While it lasts, the structure has the products of `by`, or `by` is its `matmul`."""
    methods = {name: getattr(by, name) for name in _OVERRIDDEN if hasattr(by, name)}
    if not methods:
        methods = {"matmul": by}
    own = structure.__dict__
    before = dict(own)
    for name, method in methods.items():
        # Beside Keras's bookkeeping, which takes what is set on a layer for a part of it.
        own[name] = lambda x, training=False, method=method: method(x)
    try:
        yield
    finally:
        for name in methods:
            if name in before:
                own[name] = before[name]
            else:
                del own[name]
