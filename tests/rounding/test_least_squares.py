import numpy as np
import pytest

from lrkeras.rounding.least_squares import round_weights


def _errors(weights, scale, top):
    """Squared error of each row when it is rounded with a scale."""
    rounded = np.clip(np.rint(weights / scale[:, None]), -top, top) * scale[:, None]
    return np.square(weights - rounded).sum(axis=1)


def _least_errors(weights, top):
    """The least squared error of each row, by trying very many scales (float64)."""
    weights = weights.astype(np.float64)
    largest = np.abs(weights).max(axis=1)
    best = np.full(len(weights), np.inf)
    for share in np.linspace(0.15, 1.15, 8000):
        best = np.minimum(best, _errors(weights, largest * share / top, top))
    return best


@pytest.mark.parametrize(("bits", "top"), [(4, 7), (8, 127)])
@pytest.mark.parametrize("draw", ["normal", "laplace", "uniform"])
def test_the_error_is_the_least_there_is(bits, top, draw):
    weights = getattr(np.random.default_rng(0), draw)(size=(40, 96)).astype(np.float32)
    rounded = round_weights(weights, bits, axes=(0,))
    errors = np.square(weights - rounded.dense().astype(np.float64)).sum(axis=1)
    least = _least_errors(weights, top)
    # With 127 steps the error has hundreds of minima of nearly the same depth.
    in_all, in_a_row = (1.003, 1.03) if bits == 4 else (1.25, 1.5)
    assert errors.sum() <= in_all * least.sum()
    assert (errors <= in_a_row * least).all()


def test_four_bits_lose_a_sixth_less_than_with_the_largest_entry_as_scale():
    weights = np.random.default_rng(1).normal(size=(200, 96)).astype(np.float32)
    rounded = round_weights(weights, 4, axes=(0,))
    usual = _errors(weights, np.abs(weights).max(axis=1) / 7, 7).sum()
    assert np.square(weights - rounded.dense()).sum() < 0.85 * usual


def test_a_row_with_an_outlier_is_cut():
    weights = np.random.default_rng(2).normal(size=(1, 1000)).astype(np.float32)
    weights[0, 0] = 12.0
    rounded = round_weights(weights, 4, axes=(0,))
    assert rounded.integers[0, 0] == 7 and rounded.scale[0, 0] < 0.8  # 1.7 would reach the outlier
    assert rounded.dense()[0, 0] < 12.0


def test_weights_on_a_grid_are_kept():
    rng = np.random.default_rng(3)
    integers = rng.integers(-7, 8, (300, 24))
    integers[:, 0] = 7
    scale = rng.uniform(1e-3, 1e3, (300, 1)).astype(np.float32)
    weights = integers.astype(np.float32) * scale
    rounded = round_weights(weights, 4, axes=(0,))
    np.testing.assert_array_equal(rounded.integers, integers)
    np.testing.assert_allclose(rounded.scale, scale, rtol=1e-6)


@pytest.mark.parametrize(
    ("axes", "shape"),
    [
        ((0,), (6, 1, 1)),
        ((-1,), (1, 1, 4)),
        ((0, 2), (6, 1, 4)),
        ((1,), (1, 5, 1)),
        ((), (1, 1, 1)),
    ],
)
def test_scales_differ_along_the_axes_asked_for(axes, shape):
    weights = np.random.default_rng(4).normal(size=(6, 5, 4)).astype(np.float32)
    rounded = round_weights(weights, 8, axes=axes)
    assert rounded.scale.shape == shape and rounded.integers.dtype == np.int8
    assert len(np.unique(rounded.scale)) == np.prod(shape)
    assert np.abs(rounded.dense() - weights).max() < weights.max() / 50


def test_rows_of_zeros_and_tiny_rows_stay_finite():
    weights = np.zeros((3, 8), np.float32)
    weights[1] = 1e-44
    weights[2] = 1e-30
    rounded = round_weights(weights, 4, axes=(0,))
    assert np.isfinite(rounded.dense()).all() and (rounded.scale > 0).all()
    np.testing.assert_array_equal(rounded.dense()[0], 0)
    np.testing.assert_allclose(rounded.dense()[2], weights[2], rtol=1e-5)


def test_a_large_table_takes_a_second_at_most():
    import time

    weights = np.random.default_rng(5).normal(size=(10_000, 96)).astype(np.float32)
    begin = time.process_time()
    round_weights(weights, 4, axes=(0,))
    assert time.process_time() - begin < 1.5


@pytest.mark.parametrize("bits", [0, 1, 3, 5, 16, 4.5, "4", None, True])
def test_bits_that_no_file_has_are_named(bits):
    with pytest.raises(ValueError, match=r"`bits` to be one of \(4, 8\), received"):
        round_weights(np.ones((2, 2)), bits)


def test_weights_that_are_not_finite_are_named():
    with pytest.raises(ValueError, match="2 NaN or infinite entries of 4"):
        round_weights(np.array([[1, np.nan], [np.inf, 0]]), 4)


@pytest.mark.parametrize("most", range(1, 8))
def test_what_has_four_bits_already_stays_as_it_is(most):
    rng = np.random.default_rng(most)
    integers = rng.integers(-most, most + 1, (50, 30))
    integers[:, 0] = most  # the largest of a row need not be the largest there is
    weights = (integers * rng.uniform(0.01, 3.0, (50, 1))).astype(np.float32)
    found = round_weights(weights, 4, axes=(0,)).dense()
    np.testing.assert_allclose(found, weights, rtol=1e-6)
