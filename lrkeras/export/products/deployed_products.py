"""The products of a model in the forms that its file has."""

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import keras

from lrkeras.export.passes.sparse_filter import SparseFilter
from lrkeras.export.products.by_structure import deployed, needs_transforms
from lrkeras.export.products.dense_product import DenseProduct
from lrkeras.export.products.product_choice import forms_of
from lrkeras.export.products.product_costs import BLOCK_WIDTHS, DENSE, FACTORS, ProductForm
from lrkeras.export.products.replaced_product import replaced_product
from lrkeras.export.products.sparse_product import SparseProduct
from lrkeras.export.products.structured_base import (
    base_product,
    base_terms,
    one_product,
    sparse_part,
)
from lrkeras.export.quantization import Quantization
from lrkeras.layers.structured_cell import StructuredCell
from lrkeras.model_graph.layers_of import all_layers
from lrkeras.structures import Structure, find_structures, outermost


class DeployedProducts:
    """Chooses a form for each structure of a model, and puts it in place while it is traced.

    Args:
        model: The model to convert.
        quantization: How the file is rounded.
        fused: Whether a layer is lowered in the fused form, which reads its parts by itself.

    Attributes:
        forms: For each layer, by its identity, the forms of each of its structures that has
            others than its own product, the one in use first.
    """

    def __init__(
        self,
        model: keras.Model,
        quantization: Quantization,
        fused: Callable[[keras.layers.Layer], bool],
    ):
        self._layers = all_layers(model)
        self._quantization = quantization
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
                    self._make_rows_readable(structures, stack)
                else:
                    self._choose(layer, structures, stack)
            yield

    @property
    def sparse_filters(self) -> list[SparseFilter]:
        """The filters that were traced with zeros which the file shall not hold."""
        return [one for product in self._sparse if (one := product.filter) is not None]

    def _choose(
        self, layer: keras.layers.Layer, structures: list[Structure], stack: contextlib.ExitStack
    ) -> None:
        choices = [(structure, forms_of(structure, self._quantization)) for structure in structures]
        self.forms[id(layer)] = [forms for _, forms in choices if forms[0].name != FACTORS]
        recurrent = isinstance(getattr(layer, "cell", None), StructuredCell)
        if recurrent and choices and all(forms[0].name == DENSE for _, forms in choices):
            stack.enter_context(layer.cell.materialised(as_variables=True))
            return
        for structure, forms in choices:
            if forms[0].name == DENSE:
                stack.enter_context(replaced_product(structure, DenseProduct(structure)))
            elif forms[0].name in BLOCK_WIDTHS:
                self._replace_sparse(structure, forms[0].name, stack)
            elif len(structure.column_blocks()) > 1 and one_product(base_terms(structure)):
                stack.enter_context(replaced_product(structure, base_product(structure)))

    def _make_rows_readable(self, structures: list[Structure], stack: contextlib.ExitStack) -> None:
        """Look-ups need rows of the matrix, which small transforms do not give."""
        for structure in structures:
            if any(map(needs_transforms, structure.flatten())):
                stack.enter_context(replaced_product(structure, DenseProduct(structure)))

    def _replace_inner(self, structures: list[Structure], stack: contextlib.ExitStack) -> None:
        """Gives single matrices the products that they have wherever they are."""
        for structure in (inner for outer in structures for inner in outer.flatten()):
            stack.enter_context(deployed(structure))

    def _replace_sparse(self, structure: Structure, form: str, stack: Any) -> None:
        """Gives a structure, and what lies side by side in it, a product with the stored blocks."""
        inside = [block for block in structure.column_blocks() if block is not structure]
        for matrix in (structure, *inside):
            sparse = sparse_part(matrix)
            if sparse is None or not sparse.any():
                continue
            product = SparseProduct(sparse, form)
            self._sparse.append(product)
            stack.enter_context(replaced_product(matrix, _sum_of(product, base_product(matrix))))


def _sum_of(product: Callable, base: Callable | None) -> Callable:
    return product if base is None else lambda x: product(x) + base(x)
