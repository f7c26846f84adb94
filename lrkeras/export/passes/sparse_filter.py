"""A filter of which a file shall hold only the blocks that are not zero."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class SparseFilter:
    """The filter of a product, as it was traced, and the blocks to store of it.

    Attributes:
        weight: float32, (outputs, columns), zeros where nothing is stored: by its value the filter
            is found in the file. `columns` is a multiple of `block`.
        block: Columns of a block of one row.
        is_int8: Whether blocks are stored as int8, for which a tanh must follow the product.
    """

    weight: np.ndarray
    block: int
    is_int8: bool
