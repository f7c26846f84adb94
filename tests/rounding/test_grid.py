import numpy as np
import pytest

from lrkeras.rounding.grid import rows_on_grid
from lrkeras.rounding.least_squares import round_weights


@pytest.mark.parametrize("bits", [4, 8])
def test_rounded_rows_are_found_and_others_are_not(bits):
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(50, 40)).astype(np.float32)
    weights[10] = 0
    rounded = round_weights(weights, bits, axes=(0,)).dense()
    rounded[::3] *= np.float32(0.5)  # as the file does to rows of sigmoid gates
    mixed = np.concatenate([rounded, weights[:10]])
    found, integers, scale = rows_on_grid(mixed, bits)
    np.testing.assert_array_equal(found, [True] * 50 + [False] * 10)
    np.testing.assert_allclose((integers * scale)[:50], rounded, rtol=1e-6)
    assert np.abs(integers).max() <= (7 if bits == 4 else 127)


def test_rows_whose_largest_integers_moved_are_found():
    """Training moves weights: the largest integer of a row may be any."""
    rng = np.random.default_rng(1)
    for most in range(1, 8):
        integers = rng.integers(-most, most + 1, (20, 30))
        scale = rng.uniform(0.01, 3, (20, 1)).astype(np.float32)
        weights = integers.astype(np.float32) * scale
        found, again, scales = rows_on_grid(weights, 4)
        assert found.all()
        np.testing.assert_allclose(again * scales, weights, rtol=1e-6)


def test_eight_bits_are_not_on_a_grid_of_four():
    weights = np.random.default_rng(2).normal(size=(30, 64)).astype(np.float32)
    eight = round_weights(weights, 8, axes=(0,)).dense()
    assert not rows_on_grid(eight, 4)[0].any()
