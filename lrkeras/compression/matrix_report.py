"""What a compression did to one matrix."""

import dataclasses

import numpy as np


@dataclasses.dataclass(frozen=True)
class MatrixReport:
    """A matrix before and after compression.

    Attributes:
        name: `"<path of the layer>.<matrix>"`.
        shape: `(inputs, outputs)`.
        structure: What it is now, such as `"4 x (Kronecker + Sparse)"`.
        dense_params, params: Numbers stored before and after.
        dense_bytes, bytes: The same in float32, with the indices of sparse parts.
        error: `|W - W'| / |W|`, Frobenius norms.
        weighted_error: The same with the weights that calibration gave, or `None`.
        singular_values: Those of the dense matrix at ranks 1, 2, 4, ... and the last, as shares of
            the largest.
        norms, dense_norms: `l1`, `l1_spread` and `nuclear` of the matrix now and before; see
            `lrkeras.structures.matrix_norms`.
    """

    name: str
    shape: tuple[int, int]
    structure: str
    dense_params: int
    params: int
    dense_bytes: int
    bytes: int
    error: float
    weighted_error: float | None
    singular_values: dict[int, float]
    dense_norms: dict[str, float]
    norms: dict[str, float]

    @property
    def ratio(self) -> float:
        """How many times fewer parameters."""
        return self.dense_params / self.params


def singular_profile(values: np.ndarray) -> dict[int, float]:
    """Singular values at ranks 1, 2, 4, ... and the last, as shares of the largest."""
    largest = values[0] if values[0] > 0 else 1.0
    ranks = sorted({*(2**k for k in range(len(values).bit_length())), len(values)})
    return {rank: float(values[rank - 1] / largest) for rank in ranks if rank <= len(values)}
