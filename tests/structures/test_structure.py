import numpy as np
import pytest

from lrkeras import structures


class Nothing(structures.Structure):
    """Has weights and neither of the two methods that say what they mean."""

    def _create_weights(self, init):
        self.matrix = self.add_weight(shape=self.shape, initializer=init.normal(init.variance))


class ByProduct(Nothing):
    def matmul(self, x, training=False):
        return 2 * x @ self.matrix


class ByMatrix(Nothing):
    def to_dense(self, training=False):
        return 2 * self.matrix


@pytest.mark.parametrize("method", ["to_dense", "matmul", "matmul_transpose", "rows"])
def test_a_structure_with_neither_product_nor_dense_form_says_so(method):
    structure = Nothing()
    structure.build((3, 3))
    argument = {"rows": np.array([0])}.get(method, np.eye(3, dtype="float32"))
    with pytest.raises(NotImplementedError, match=r"Nothing must write `to_dense\(.*or `matmul\("):
        getattr(structure, method)(*([] if method == "to_dense" else [argument]))


@pytest.mark.parametrize("kind", [ByProduct, ByMatrix])
def test_one_of_the_two_is_enough(kind):
    structure = kind()
    structure.build((3, 4))
    x = np.arange(6, dtype="float32").reshape(2, 3)
    expected = 2 * np.asarray(structure.matrix)
    np.testing.assert_allclose(np.asarray(structure.to_dense()), expected, atol=1e-6)
    np.testing.assert_allclose(np.asarray(structure.matmul(x)), x @ expected, atol=1e-5)


@pytest.mark.parametrize("kind", [structures.Dense, Nothing])
def test_compression_of_what_has_no_size_is_refused(kind):
    with pytest.raises(ValueError, match=rf"{kind.__name__} has no size.*compression=10"):
        kind(compression=10)


def test_unknown_method_of_a_fit_is_refused():
    with pytest.raises(ValueError, match=r"`method` must be one of.*nmf"):
        structures.LowRank(rank=1).fit(np.eye(3), method="nmf")


@pytest.mark.parametrize(
    ("spec", "name"),
    [
        (structures.Kronecker(terms=2), "Kronecker"),
        (structures.doped("low_rank", density=0.1), "LowRank + Sparse"),
        (structures.Concatenated(structures.doped("hybrid", density=0.1), 4),
         "4 x (Hybrid + Sparse)"),
    ],
)  # fmt: skip
def test_names_in_reports(spec, name):
    assert spec.describe() == structures.describe(spec) == name


def test_warm_start_of_a_method_builds_and_checks_like_from_dense():
    w = np.random.default_rng(0).normal(size=(6, 8))
    structure = structures.doped(structures.LowRank(rank=2), density=0.1).warm_start(w)
    np.testing.assert_allclose(structure.to_numpy(), w, atol=1e-5)
    assert structure.parts[1].sparsity == 0
    with pytest.raises(ValueError, match="was built for 6 inputs x 8 outputs"):
        structure.warm_start(w.T)
