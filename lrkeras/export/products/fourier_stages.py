"""Fourier transforms of real vectors as two small matrix products each."""

from typing import Any

import numpy as np
from keras import ops


class FourierStages:
    """The transform of real vectors of side `n1 * n2` and its inverse, both as two products.

    A vector is reshaped to (n1, n2); its spectrum has the frequencies `k1 + n1 * k2` for `k1` up
    to about `n1 / 2`, of which the others are conjugates.

    Args:
        n1, n2: Two numbers from 1.
        odd: Frequencies `k + 1 / 2` in place of `k`.

    Attributes:
        rows: Number of `k1` that are kept.
        from_real: (n1, 2 * rows), the first product, on (..., n2, n1).
        forward_matrices: What a forward transform multiplies with from the right, in order.
        to_real: (2 * rows, n1), the last one of the inverse, to (..., n2, n1).
    """

    def __init__(self, n1: int, n2: int, odd: bool):
        self.rows = (n1 + 1) // 2 if odd else n1 // 2 + 1
        frequency = np.arange(self.rows) + (0.5 if odd else 0.0)
        first = np.exp(-2j * np.pi * np.outer(np.arange(n1), frequency) / n1)
        second = np.exp(-2j * np.pi * np.outer(np.arange(n2), np.arange(n2)) / n2)
        twiddle = np.exp(-2j * np.pi * np.outer(frequency, np.arange(n2)) / (n1 * n2))
        # Rows that stand for their conjugates too count twice.
        own = (2 * frequency) % n1 == 0
        weight = np.where(own, 1, 2)[:, None] / (n1 * n2)
        self.from_real = np.concatenate([first.real, first.imag], axis=1)
        self.to_real = np.concatenate([first.real.T * weight, first.imag.T * weight])
        self._forward, self._inverse = _real_matrix(second), _real_matrix(second.conj())
        self.forward_matrices = [self.from_real, self._forward]
        self._twiddle = float32(twiddle.real), float32(twiddle.imag)
        self._back = float32(twiddle.real), float32(-twiddle.imag)
        self._sides, self._odd = (n1, n2), odd

    def forward(self, columns: Any) -> Any:
        """(vectors, n2, 2 * rows), after `from_real`, to the spectrum (vectors, rows, 2 * n2)."""
        pair = ops.split(ops.transpose(columns, (0, 2, 1)), 2, axis=1)
        return ops.matmul(times(pair, self._twiddle), self._forward)

    def inverse(self, spectrum: Any) -> Any:
        """The spectrum to (vectors, n2, 2 * rows), before `to_real`."""
        pair = parts_of(ops.matmul(spectrum, self._inverse))
        return ops.transpose(times(pair, self._back, axis=1), (0, 2, 1))

    def spectrum(self, vectors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Real and imaginary part (..., rows, n2) of real vectors (..., n1 * n2)."""
        n1, n2 = self._sides
        half = np.exp(-1j * np.pi * np.arange(n1 * n2) / (n1 * n2)) if self._odd else 1.0
        values = np.fft.fft(vectors * half)
        # Frequency k1 + n1 * k2.
        values = values.reshape(*vectors.shape[:-1], n2, n1).swapaxes(-1, -2)
        values = values[..., : self.rows, :]
        return float32(values.real), float32(values.imag)


def split(side: int) -> tuple[int, int] | None:
    """The factors (n1, n2) of a side that take the fewest multiplications; None for a prime."""
    pairs = [(side // n2, n2) for n2 in range(2, side) if side % n2 == 0]

    def cost(pair: tuple[int, int]) -> tuple[int, int]:
        # Each term costs n2 (2 rows)^2 + 8 rows n2^2 with about n1 / 2 rows. Of two pairs that cost
        # the same, the one with the smaller matrices.
        n1, n2 = pair
        return n1 + 4 * n2, n1**2 + 4 * n2**2

    return min(pairs, key=cost, default=None)


def parts_of(spectrum: Any) -> list[Any]:
    """Real and imaginary part."""
    return ops.split(spectrum, 2, axis=-1)


def times(a: Any, b: tuple[np.ndarray, np.ndarray], axis: int = -1) -> Any:
    """The complex product, its real and imaginary part side by side along an axis."""
    real = a[0] * b[0] - a[1] * b[1]
    return ops.concatenate([real, a[0] * b[1] + a[1] * b[0]], axis=axis)


def _real_matrix(z: np.ndarray) -> np.ndarray:
    """The matrix on [real, imaginary] rows that multiplies by `z` from the right."""
    return float32(np.block([[z.real, z.imag], [-z.imag, z.real]]))


def float32(a: np.ndarray) -> np.ndarray:
    """A copy in float32, in the usual order."""
    return np.ascontiguousarray(a, np.float32)
