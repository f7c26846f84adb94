import keras
import numpy as np
import pytest
import tensorflow as tf
from contract import StructureContract, dense
from hypothesis import given, settings
from hypothesis import strategies as st
from keras import ops
from scipy.linalg import circulant, inv, toeplitz

from lrkeras import structures


def f_circulant(v, f):
    """Z_f(v): first column v, wrapped entries times f."""
    z = circulant(v)
    return np.where(np.tri(len(v), dtype=bool), z, f * z)


def by_definition(structure):
    """M of the docstring, term by term."""
    g, h = (ops.convert_to_numpy(v) for v in structure.weights)
    m = sum(f_circulant(a, 1) @ f_circulant(b, -1) for a, b in zip(g, h, strict=True))
    return m / np.sqrt(max(structure.shape) * structure.displacement_rank)


class TestSquare(StructureContract):
    fit_slack = 1e-3  # a local optimum, up to the tolerance of the sweeps

    def make(self):
        return structures.ToeplitzLike(displacement_rank=3)

    def shape(self):
        return (18, 18)

    def test_is_a_sum_of_circulant_times_skew_circulant(self):
        structure = self.built()
        np.testing.assert_allclose(dense(structure).T, by_definition(structure), atol=1e-14)

    @pytest.mark.usefixtures("float64_products")
    def test_displacement_has_the_rank(self):
        m = dense(self.built()).T
        z_1, z_minus = (f_circulant(np.eye(18)[1], f) for f in (1, -1))
        assert np.linalg.matrix_rank(z_1 @ m - m @ z_minus, tol=1e-10) == 3

    @pytest.mark.parametrize(
        ("matrix", "rank"),
        [
            (toeplitz(np.arange(1.0, 19), np.cos(np.arange(18))), 2),
            (inv(toeplitz(4.0 ** -np.arange(18), 3.0 ** -np.arange(18))), 2),
            (circulant(np.arange(18.0)), 1),
            (np.outer(np.arange(18.0), np.ones(18)), 2),
        ],
        ids=["toeplitz", "inverse toeplitz", "circulant", "outer product"],
    )
    def test_known_matrices_have_known_displacement_ranks(self, matrix, rank):
        fitted = structures.ToeplitzLike(displacement_rank=rank, dtype="float64").from_dense(matrix)
        np.testing.assert_allclose(dense(fitted), matrix, atol=1e-9 * np.abs(matrix).max())

    def test_counts(self):
        assert self.built().num_params == 2 * 3 * 18


class Rectangular(StructureContract):
    fit_slack = 5e-3

    def make(self):
        return structures.ToeplitzLike(displacement_rank=3)

    def exact(self):
        """Zeros: padding by zeros raises the displacement rank of all other matrices."""
        return np.zeros(self.shape())

    def test_fit_of_one_of_its_own_is_near(self):
        w = dense(self.built())
        fitted = dense(self.make().copy(dtype="float64").from_dense(w))
        assert np.linalg.norm(fitted - w) < 0.35 * np.linalg.norm(w)

    def test_is_the_corner_of_the_square_matrix(self):
        structure = self.built()
        inputs, outputs = self.shape()
        m = by_definition(structure).T[:inputs, :outputs]
        np.testing.assert_allclose(dense(structure), m, atol=1e-14)


class TestWide(Rectangular):
    def shape(self):
        return (14, 25)


class TestTall(Rectangular):
    def shape(self):
        return (25, 14)


@settings(max_examples=25, deadline=None)
@given(st.integers(1, 40), st.integers(1, 40), st.integers(1, 4))
def test_dense_form_of_any_shape(inputs, outputs, rank):
    rank = min(rank, max(inputs, outputs))
    structure = structures.ToeplitzLike(displacement_rank=rank, dtype="float64")
    structure.build((inputs, outputs))
    m = by_definition(structure).T[:inputs, :outputs]
    np.testing.assert_allclose(dense(structure), m, atol=1e-12)


@pytest.mark.parametrize("rank", [2, 32])
@pytest.mark.parametrize("optimizer", ["Adam", "SGD"])
def test_a_step_moves_the_matrix_about_as_far_as_one_of_a_dense_matrix(rank, optimizer):
    """Far more than that, and a recurrence diverges at the learning rates that others learn at."""
    moved = {}
    gradient = np.random.default_rng(0).normal(size=(128, 128)).astype("float32")
    for spec in (structures.ToeplitzLike(displacement_rank=rank), structures.Dense()):
        keras.utils.set_random_seed(0)
        spec.build((128, 128), initializer="orthogonal")
        before = dense(spec)
        with tf.GradientTape() as tape:
            loss = tf.reduce_sum(spec.to_dense(training=True) * gradient)
        step = getattr(keras.optimizers, optimizer)(1e-4)
        step.apply(tape.gradient(loss, spec.trainable_variables), spec.trainable_variables)
        moved[type(spec)] = np.linalg.norm(dense(spec) - before, 2)
    ratio = moved[structures.ToeplitzLike] / moved[structures.Dense]
    assert 0.5 < ratio < 3
