"""Products with Toeplitz-like matrices without their dense form."""

import math
from typing import Any

import numpy as np
from keras import ops

from lrkeras.export.products.fourier_stages import FourierStages, float32, parts_of, split, times
from lrkeras.structures import ToeplitzLike


class ToeplitzProduct:
    """`[M_1 v; M_2 v; ...]` for `M = sum_k Z_1(g_k) Z_-1(h_k)`, by small Fourier transforms.

    The runtime has no complex FFT, so each transform of side `n = n1 n2` is two products with
    constant matrices and a twiddle in between (Cooley and Tukey 1965). Of a real vector half of
    the first index is enough, the rest being conjugate. The skew-circulant factor needs the
    transform at odd multiples of half the base frequency, which changes the first matrix and the
    twiddle only; and where its inverse meets the transform for the circulant factor, the two
    matrices on either side of the real vector are one.

    A spectrum is a tensor (..., rows, 2 * n2): real parts, then imaginary ones.

    Args:
        parts: Built `ToeplitzLike` of one shape, such as those of the gates, for which `split`
            is not None.
        scale: float, (outputs of all parts,), equal within a part: factor of each output.
    """

    def __init__(self, parts: list[ToeplitzLike], scale: np.ndarray | None = None):
        self._inputs, self._outputs = parts[0].shape
        self._side, self._count = max(parts[0].shape), len(parts)
        sizes = split(self._side)
        if sizes is None:
            raise ValueError(f"Expected a side that is a product, received {self._side}.")
        self._n1, self._n2 = sizes
        share = math.sqrt(parts[0].root)  # of each factor
        skew, circulant = (
            np.stack([ops.convert_to_numpy(vectors) for vectors in each]).astype(np.float64) / share
            for each in ([p.skew for p in parts], [p.circulant for p in parts])
        )
        if scale is not None:
            circulant *= np.reshape(scale, (self._count, -1))[:, :1, None]
        odd, even = FourierStages(*sizes, odd=True), FourierStages(*sizes, odd=False)
        self._odd, self._even = odd, even
        self._between = float32(odd.to_real @ even.from_real)
        self._skew, self._circulant = odd.spectrum(skew), even.spectrum(circulant)

    @property
    def macs(self) -> int:
        """Multiply-accumulates of the matrix products for one vector."""
        n2, pairs = self._n2, self._count * self._skew[0].shape[1]
        odd, even = self._odd.rows, self._even.rows
        ends = self._n1 * n2 * 2 * (odd + self._count * even)
        inner = 4 * n2 * n2 * (odd + pairs * (odd + even) + self._count * even)
        return ends + inner + pairs * n2 * 4 * odd * even

    @property
    def constants(self) -> int:
        """Numbers stored."""
        spectra = sum(part.size for part in (*self._skew, *self._circulant))
        ends = self._n1 * 2 * (self._odd.rows + self._even.rows) + self._between.size
        return spectra + ends + 8 * self._n2**2 + 2 * self._n2 * (self._odd.rows + self._even.rows)

    def __call__(self, v: Any) -> Any:
        """Product with v (..., inputs) of known shape: (..., outputs of all parts)."""
        batch = tuple(v.shape[:-1])
        rows, n1, n2 = int(np.prod(batch)), self._n1, self._n2
        v = ops.reshape(v, (rows, self._inputs))
        if self._side > self._inputs:
            v = ops.pad(v, ((0, 0), (0, self._side - self._inputs)))
        v = ops.transpose(ops.reshape(v, (rows, n1, n2)), (0, 2, 1))
        spectrum = self._odd.forward(ops.matmul(v, float32(self._odd.from_real)))
        # Each term of each part: (rows * parts * terms, odd rows, 2 * n2).
        product = times(parts_of(ops.reshape(spectrum, (rows, 1, -1, 2 * n2))), _flat(self._skew))
        inner = self._odd.inverse(ops.reshape(product, (-1, self._odd.rows, 2 * n2)))
        spectrum = self._even.forward(ops.matmul(inner, self._between))
        total = self._sum_of_terms(ops.reshape(spectrum, (rows, -1, self._even.rows, 2 * n2)))
        outer = self._even.inverse(ops.reshape(total, (-1, self._even.rows, 2 * n2)))
        y = ops.transpose(ops.matmul(outer, float32(self._even.to_real)), (0, 2, 1))
        y = ops.reshape(y, (rows * self._count, self._side))[:, : self._outputs]
        return ops.reshape(y, (*batch, self._count * self._outputs))

    def _sum_of_terms(self, spectrum: Any) -> Any:
        """The sum over terms of (rows, parts * terms, ...), (rows * parts, 1, ...)."""
        rows, _, height, width = spectrum.shape
        terms = self._skew[0].shape[1]
        product = times(parts_of(spectrum), _flat(self._circulant))
        if terms == 1:
            return product
        product = ops.reshape(product, (rows * self._count, terms, height, width))
        split_terms = ops.split(product, terms, axis=1)
        return sum(split_terms[1:], split_terms[0])


def _flat(spectra: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """(parts, terms, rows, n2) to (parts * terms, rows, n2)."""
    real, imaginary = (part.reshape(-1, *part.shape[2:]) for part in spectra)
    return real, imaginary
