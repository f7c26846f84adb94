import numpy as np
import pytest
from scipy import stats

from lrkeras import structures
from lrkeras.compression.fitting.second_moments import SecondMoments
from lrkeras.structures.semi_nmf import semi_nmf
from lrkeras.structures.weighted_fit import weighted_low_rank, weighted_spectrum

RNG = np.random.default_rng(0)
N, M = 24, 30
W = RNG.normal(size=(N, M))
# Inputs along few directions, as hidden states are.
X = RNG.normal(size=(500, 5)) @ RNG.normal(size=(5, N)) + 0.2 * RNG.normal(size=(500, N))
X *= np.geomspace(0.1, 3, N)


def output_error(fitted, x=X, w=W):
    return np.linalg.norm(x @ (w - fitted))


def test_weighted_low_rank_is_the_best_for_the_outputs():
    """Eckart-Young on X W: no matrix of this rank gives outputs nearer to those of W."""
    left, right = weighted_low_rank(W, 4, SecondMoments(inputs=X.T @ X))
    optimum = np.linalg.norm(np.linalg.svd(X @ W, compute_uv=False)[4:])
    assert output_error(left @ right) == pytest.approx(optimum, rel=1e-8)
    tail = weighted_spectrum(W, SecondMoments(inputs=X.T @ X))[4:]
    assert np.linalg.norm(tail) == pytest.approx(optimum, rel=1e-8)


def test_weighting_from_both_sides_and_by_diagonals():
    counts, y = RNG.uniform(0.1, 9, N), RNG.normal(size=(90, M))
    left, right = weighted_low_rank(W, 3, SecondMoments(counts, y.T @ y))
    stretched = np.sqrt(counts)[:, None] * W @ np.linalg.cholesky(y.T @ y)
    optimum = np.linalg.norm(np.linalg.svd(stretched, compute_uv=False)[3:])
    error = np.sqrt(counts)[:, None] * (W - left @ right) @ y.T
    assert np.linalg.norm(error) == pytest.approx(optimum, rel=1e-8)


def test_cost_is_the_square_of_the_outputs():
    error = RNG.normal(size=W.shape)
    weighting = SecondMoments(inputs=X.T @ X)
    assert weighting.cost(error) == pytest.approx(np.sum(np.square(X @ error)))
    assert weighting.largest() == pytest.approx(np.linalg.norm(X, 2) ** 2)


@pytest.mark.parametrize(
    "spec",
    [
        structures.LowRank(rank=4),
        structures.Hybrid(rank=6),
        structures.Kronecker(terms=3),
        structures.Monarch(rank=2),
        structures.Sparse(density=0.2),
        structures.Sparse(density=0.2, block=(1, 4)),
        structures.ToeplitzLike(2),
        structures.doped(structures.LowRank(rank=2), density=0.1),
    ],
    ids=structures.describe,
)
def test_weighted_fit_of_any_structure_gives_better_outputs(spec):
    weighting = SecondMoments.of(inputs=X.T @ X)
    plain, weighted = (spec.copy(dtype="float64") for _ in range(2))
    for structure in (plain, weighted):
        structure.build((N, M))
    plain.fit(W)
    weighted.fit(W, weighting=weighting)
    assert output_error(weighted.to_numpy()) < 0.97 * output_error(plain.to_numpy())
    assert np.linalg.norm(W - plain.to_numpy()) <= np.linalg.norm(W - weighted.to_numpy()) * (
        1 + 1e-9
    )


def test_parts_of_gates_are_fitted_apart():
    both = structures.Concatenated(structures.LowRank(rank=3), 2, dtype="float64")
    both.build((N, M))
    y = RNG.normal(size=(50, M))
    both.fit(W, weighting=SecondMoments(X.T @ X, np.diag(y.T @ y)))
    for part, piece in zip(both.parts, np.split(W, 2, axis=1), strict=True):
        assert np.linalg.matrix_rank(part.to_numpy()) == 3
        assert output_error(part.to_numpy(), w=piece) < np.linalg.norm(X @ piece)


def test_group_shares_the_best_projection():
    spec = structures.SharedLowRank(rank=4, dtype="float64")
    first, second = spec.copy(), spec.copy()
    for structure, width in ((first, 12), (second, 18)):
        structure.build((N, width))
    structures.SharedLowRank.fit_together(
        [(first, W[:, :12]), (second, W[:, 12:])], SecondMoments(inputs=X.T @ X)
    )
    fitted = np.concatenate([first.to_numpy(), second.to_numpy()], axis=1)
    optimum = np.linalg.norm(np.linalg.svd(X @ W, compute_uv=False)[4:])
    assert output_error(fitted) == pytest.approx(optimum, rel=1e-8)


# --- semi-NMF ---


def test_semi_nmf_is_monotone_and_one_factor_not_negative():
    left, right, losses = semi_nmf(W, 6, iterations=200, tolerance=0)
    assert len(losses) == 200
    assert np.all(np.diff(losses) <= 1e-9 * losses[0])
    assert left.min() >= 0 > right.min()
    optimum = np.sum(np.square(np.linalg.svd(W, compute_uv=False)[6:]))
    assert optimum < losses[-1] < 1.25 * optimum
    assert np.sum(np.square(W - left @ right)) <= losses[-1] * (1 + 1e-9)


def test_semi_nmf_finds_a_matrix_of_its_kind():
    factors = stats.gamma(0.5).rvs((N, 3), random_state=1), RNG.normal(size=(3, M))
    w = factors[0] @ factors[1]
    left, right, _ = semi_nmf(w, 3, iterations=3000, tolerance=1e-9)
    assert np.linalg.norm(w - left @ right) < 0.02 * np.linalg.norm(w)


def test_method_semi_nmf_sets_the_factors():
    structure = structures.LowRank(rank=4, dtype="float64")
    structure.build((N, M))
    structure.fit(W, method="semi_nmf")
    assert np.asarray(structure.left).min() >= 0
    left, right, _ = semi_nmf(W, 4)
    np.testing.assert_allclose(structure.to_numpy(), left @ right, atol=1e-12)
