"""Toeplitz-like matrices: low displacement rank."""

import math

import keras
import numpy as np
from keras import ops

from lrkeras.structures.structure import Structure
from lrkeras.structures.truncated_svd import truncated_svd

_SWEEPS = 60


@keras.saving.register_keras_serializable(package="lrkeras.structures")
class ToeplitzLike(Structure):
    """A sum of circulant times skew-circulant matrices.

    `M = (n r)^-1/2 sum_k Z_1(g_k) Z_-1(h_k)`, `k < r`, where `Z_f(v)` is the `f`-circulant of side
    `n` with first column `v` and `r` the displacement rank; `Z_1 M - M Z_-1` has at most this rank.
    Toeplitz matrices and their inverses have rank 2. Sindhwani, Sainath, Kumar 2015 (arXiv
    1510.01722), but for the root: each entry of `M` is a sum of `n r` products. Undivided, their
    factors are so small that a step at the learning rate of a dense matrix makes others of them.

    A rectangular matrix is the top left part of the square one of side `max(inputs, outputs)`
    (inputs are padded by zeros, outputs cut): `2 * displacement_rank * side` parameters.
    `from_dense` starts from the truncated SVD of the displacement, exact where the rank suffices,
    and improves it by alternating least squares: in the Fourier domain it is a weighted low-rank
    problem. A local optimum; the global one is not known in closed form.

    Take it where neighbouring inputs mean similar things, such as the bands of a spectrogram.
    Forming the matrix takes many small operations: train it on JAX, which compiles them into few.

    Args:
        displacement_rank: 1 to `max(inputs, outputs)`. Default: 4.
        compression: Instead of `displacement_rank`; see `Structure`.
    """

    size_argument = "displacement_rank"
    fits_few_bits = False

    def __init__(self, displacement_rank=None, **kwargs):
        super().__init__(**kwargs)
        self._set_size(displacement_rank)

    def _params_at(self, size):
        return 2 * size * max(self.shape)

    def _largest_size(self):
        return max(self.shape)

    def _default_size(self):
        return min(4, self._largest_size())

    def _create_weights(self, init):
        side, rank = max(self.shape), self.displacement_rank
        circulant, skew = init.product(terms=side * rank, unit=math.sqrt(self.root))
        self.circulant = self.add_weight(
            shape=(rank, side), name="circulant", initializer=circulant
        )
        self.skew = self.add_weight(shape=(rank, side), name="skew", initializer=skew)

    @property
    def root(self):
        """What the sum of products is divided by."""
        return math.sqrt(max(self.shape) * self.displacement_rank)

    @property
    def macs(self):
        side, rank = max(self.shape), self.displacement_rank
        transform = 2 * side * max(1, math.ceil(math.log2(side)))  # real products of one FFT
        return (2 + 2 * rank) * transform + 2 * rank * 4 * side

    def matmul(self, x, training=False):
        # Products with circulants are products of Fourier transforms; the skew-circulant one
        # becomes circulant after modulation by w, w^side = -1.
        side, dtype = max(self.shape), x.dtype
        x = ops.cast(x, _real(dtype))
        x = ops.pad(x, [(0, 0)] * (len(x.shape) - 1) + [(0, side - self.shape[0])])
        wave = _wave(side, x.dtype)
        spectrum = ops.fft((x * wave[0], x * wave[1]))
        spectrum = tuple(ops.expand_dims(part, -2) for part in spectrum)
        skew = ops.cast(self.skew, x.dtype) / self.root
        inner = _ifft(_times(ops.fft((skew * wave[0], skew * wave[1])), spectrum))
        inner = inner[0] * wave[0] + inner[1] * wave[1]  # (..., rank, side), demodulated
        circulant = ops.cast(self.circulant, x.dtype)
        outer = _times(_real_fft(circulant), _real_fft(inner))
        y = _ifft((ops.sum(outer[0], axis=-2), ops.sum(outer[1], axis=-2)))[0]
        return ops.cast(y[..., : self.shape[1]], dtype)

    def to_dense(self, training=False):
        return self.side_by_side([self])

    @classmethod
    def side_by_side(cls, parts, training=False):
        inputs, outputs = parts[0].shape
        g = ops.concatenate([ops.expand_dims(p.circulant, 0) for p in parts])
        h = ops.concatenate([ops.expand_dims(p.skew, 0) for p in parts])
        dtype = keras.backend.standardize_dtype(g.dtype)
        real = _real(dtype)
        g, h = ops.cast(g, real), ops.cast(h, real) / parts[0].root
        dense = _dense(g, h, inputs)[:, :inputs, :outputs]
        dense = ops.reshape(ops.transpose(dense, (1, 0, 2)), (inputs, len(parts) * outputs))
        return ops.cast(dense, dtype)

    def _fit(self, w):
        side = max(self.shape)
        m = np.zeros((side, side))
        m[: self.shape[1], : self.shape[0]] = w.T
        displacement = np.roll(m, 1, axis=0) - np.concatenate([m[:, 1:], -m[:, :1]], axis=1)
        left, right = truncated_svd(displacement, self.displacement_rank)
        # M = 1/2 sum_k Z_1(left_k) Z_-1(J right_k), J the reversal.
        sweeps = min(_SWEEPS, max(4, round(_SWEEPS * (512 / side) ** 2)))  # seconds each at 1500
        circulant, skew = fit_displacement(m, w.T.shape, left.T / 2, right[:, ::-1], sweeps)
        self.circulant.assign(circulant * math.sqrt(self.root))
        self.skew.assign(skew * math.sqrt(self.root))


def _dense(g, h, inputs):
    """The transposed matrices of `(parts, rank, side)` vectors: `(parts, >= inputs, side)`.

    From the displacement `D = Z_1 M - M Z_-1 = 2 sum_k g_k (J h_k)^T`, rows modulo `side`:
    `M[i, j + 1] = M[i - 1, j] - D[i, j]`. Taken `width` columns at a time,
    `M[i, j + width] = M[i - width, j] - E[i, j]`, where E sums `width` entries along a diagonal
    of D, and so is one product of inner size `rank * width`: O(rank * side^2.5) in all, in few
    operations, against O(rank * side^3) for the product of the circulants.
    """
    parts, rank, side = g.shape
    width = min(side, max(1, round(1.5 * math.sqrt(side))))
    rolled = ops.reshape(_rotations(g, width), (parts, rank * width, side))
    mirrored = 2.0 * ops.flip(h, axis=-1)
    # Column j of the first panel: M[:, 0] rolled by j, less the diagonals that led there.
    zeros = ops.zeros((parts, rank, width), dtype=g.dtype)
    start = _windows(ops.concatenate([zeros, mirrored[..., : width - 1]], axis=-1), width, width)
    spectrum = _times(_real_fft(g), _real_fft(h))
    column = _ifft(tuple(ops.sum(part, axis=1) for part in spectrum))[0]
    panel = _rotations(column, width) - ops.matmul(ops.transpose(start, (0, 2, 1)), rolled)
    ends = _windows(ops.concatenate([mirrored, zeros[..., : width - 1]], axis=-1), width, side)
    drop = ops.matmul(ops.transpose(ends, (0, 2, 1)), rolled)
    panels = [panel]
    for first in range(0, inputs - width, width):
        panel = ops.concatenate([panel[..., -width:], panel[..., :-width]], axis=-1)
        step = drop[:, first : first + width]
        panel = panel[:, : step.shape[1]] - step
        panels.append(panel)
    return ops.concatenate(panels, axis=1)


def _rotations(v, count):
    """`[..., q, i] = v[..., (i - q) mod n]` for `q < count`, by reshaping a repetition of `v`."""
    n = v.shape[-1]
    flat = ops.tile(v, (1,) * (len(v.shape) - 1) + (2 * count,))[..., : count * (2 * n - 1)]
    return ops.reshape(flat, (*v.shape[:-1], count, 2 * n - 1))[..., :n]


def _windows(v, count, length):
    """`(parts, rank * count, length)` with `[., (k, q), j] = v[., k, count - 1 - q + j]`."""
    windows = [v[..., count - 1 - q : count - 1 - q + length] for q in range(count)]
    stacked = ops.stack(windows, axis=2)
    return ops.reshape(stacked, (v.shape[0], -1, length))


def fit_displacement(m, observed, circulant, skew, sweeps):
    """Alternating least squares for `M = sum_k Z_1(g_k) Z_-1(h_k)`.

    With the Fourier matrix F and Omega = diag(w): `F M Omega^-1 F^-1 = C . (F g)(F Omega h)^T`
    with a constant C, so that each row of `F g`, and each of `F Omega h`, is a small least-squares
    problem of its own. Entries outside the observed corner are free: they take the values of the
    fit so far, which never raises the error of the others.

    Args:
        m: Matrix to fit, `(n, n)`.
        observed: Shape of the top left corner that counts.
        circulant: Vectors `g` to start from, `(rank, n)`.
        skew: Vectors `h` to start from, `(rank, n)`.
        sweeps: At most so many; fewer when the error stops falling.

    Returns:
        `(circulant, skew)` of the smallest error.
    """
    wave = np.exp(1j * np.pi * np.arange(len(m)) / len(m))

    def transform(a):
        return np.fft.ifft(np.fft.fft(a * wave.conj(), axis=0), axis=1)

    def corner(a):
        return a[: observed[0], : observed[1]]

    core, target, m = transform(np.eye(len(m))), corner(m).copy(), m.copy()
    g, h = np.fft.fft(circulant), np.fft.fft(skew * wave)
    best, error = (circulant, skew), np.inf
    for _ in range(sweeps):
        fit = np.fft.ifft(np.fft.fft(core * (g.T @ h), axis=1), axis=0) * wave
        previous, error = error, np.linalg.norm(corner(fit.real) - target)
        if error < previous:
            best = np.fft.ifft(g).real, (np.fft.ifft(h) / wave).real
        if not error < previous * (1 - 1e-4) or error <= 1e-12 * np.linalg.norm(target):
            break
        m[:] = fit.real
        corner(m)[:] = target
        spectrum = transform(m)
        g = _weighted_rows(spectrum, core, h)
        h = _weighted_rows(spectrum.T, core.T, g)
    return best


def _weighted_rows(a, core, right):
    """`left` that minimises `|a - core . (left^T right)|`, row by row of `a`."""
    rank = len(right)
    pairs = (right.conj()[:, None] * right[None]).reshape(rank * rank, -1)
    grams = (np.abs(core) ** 2 @ pairs.T).reshape(-1, rank, rank)
    sides = (core.conj() * a) @ right.conj().T
    ridge = 1e-12 * np.trace(grams, axis1=1, axis2=2).real[:, None, None] * np.eye(rank)
    return np.linalg.solve(grams + ridge, sides[..., None])[..., 0].T


def _real(dtype):
    """Fourier transforms and running sums need at least float32."""
    dtype = keras.backend.standardize_dtype(dtype)
    return "float64" if dtype == "float64" else "float32"


def _wave(n, dtype):
    angle = np.pi * np.arange(n) / n
    return (
        ops.convert_to_tensor(np.cos(angle), dtype=dtype),
        ops.convert_to_tensor(np.sin(angle), dtype=dtype),
    )


def _times(a, b):
    return a[0] * b[0] - a[1] * b[1], a[0] * b[1] + a[1] * b[0]


def _real_fft(x):
    return ops.fft((x, ops.zeros_like(x)))


def _ifft(pair):
    n = pair[0].shape[-1]
    real, imaginary = ops.fft((pair[0], -pair[1]))
    return real / n, -imaginary / n
