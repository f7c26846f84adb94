"""How the integers of a tensor stand for real numbers."""

import dataclasses
from typing import Any

import numpy as np

_NUMPY_TYPES = {0: np.float32, 1: np.float16, 2: np.int32, 4: np.int64, 6: np.bool_, 9: np.int8}
# The format's code of each type of NumPy's.
TENSOR_TYPES = {np.dtype(numpy_type): code for code, numpy_type in _NUMPY_TYPES.items()}


@dataclasses.dataclass
class Quantisation:
    """Linear quantisation of a tensor: `real = scale * (stored - zero_point)`.

    Attributes:
        scale: float32, (1,) or one for each index along `axis`.
        axis: The dimension that `scale` runs along.
        zero_point: The integer that stands for zero.
    """

    scale: np.ndarray
    axis: int = 0
    zero_point: int = 0

    @classmethod
    def of_int8(cls, weight: np.ndarray, axis: int | None) -> tuple[np.ndarray, "Quantisation"]:
        """Rounds a tensor to int8, with a scale for each index along `axis`, or one for all.

        Args:
            weight: float32.
            axis: The dimension with a scale for each index; None for one scale.

        Returns:
            int8 values of the same shape, and how they stand for the real ones.
        """
        others = None if axis is None else tuple(i for i in range(weight.ndim) if i != axis)
        largest = np.abs(weight).max(axis=others, keepdims=axis is not None)
        # What is all zeros may have any scale; 1 keeps the division harmless.
        scale = np.where(largest > 0, largest / np.float32(127), np.float32(1)).astype(np.float32)
        quantised = np.clip(np.rint(weight / scale), -127, 127).astype(np.int8)
        return quantised, cls(np.atleast_1d(scale.squeeze()), axis or 0)

    def packed(self, schema: Any) -> Any:
        """The flatbuffer object of it."""
        parameters = schema.QuantizationParametersT()
        parameters.scale = self.scale.astype(np.float32)
        parameters.zeroPoint = np.full(len(self.scale), self.zero_point, np.int64)
        parameters.quantizedDimension = self.axis
        return parameters


def value_of(data: np.ndarray, kind: int, shape: tuple[int, ...]) -> np.ndarray | None:
    """Stored bytes as an array; None for types that this package does not write."""
    if kind not in _NUMPY_TYPES:
        return None
    return np.frombuffer(data, _NUMPY_TYPES[kind]).reshape(shape)
