"""Structures that a file holds as dense matrices."""

import contextlib
from collections.abc import Callable, Iterator

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.model_layers import all_layers
from lrkeras.layers import GRU, LSTM, RHN
from lrkeras.structures import Sparse, ToeplitzLike, find_structures


@contextlib.contextmanager
def dense_matrices(model: keras.Model, fused: Callable[[keras.layers.Layer], bool]) -> Iterator:
    """While it lasts, layers whose factors the runtime has no product for use dense matrices.

    Those are Toeplitz-like matrices, which need an FFT, and sparse ones where the fused
    block-sparse product does not fit: the sum of a doped matrix is one dense matrix then, which
    takes fewer operations than its parts.

    Args:
        model: The model to convert.
        fused: Whether a layer is lowered in the fused form, which reads its parts by itself.

    Raises:
        ConversionError: If a layer that is not recurrent has a Toeplitz-like matrix.
    """
    with contextlib.ExitStack() as stack:
        for layer in all_layers(model):
            without_product = find_structures(layer, (Sparse, ToeplitzLike))
            if not without_product or fused(layer):
                continue
            if isinstance(layer, (LSTM, GRU, RHN)):
                stack.enter_context(layer.cell.materialised(as_variables=True))
                continue
            for structure in without_product:
                if isinstance(structure, ToeplitzLike):
                    raise ConversionError(
                        "Expected ToeplitzLike matrices in recurrent layers only, received one in "
                        f"`{layer.name}` ({type(layer).__name__}): its product needs an FFT, which "
                        "the runtime does not have. Use another structure there."
                    )
                stack.enter_context(structure.mask_folded())
        yield
