import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import structures
from lrkeras.compression.warm_start import warm_start

RNG = np.random.default_rng(3)
W = RNG.normal(size=(24, 32))


@pytest.mark.parametrize(
    "spec",
    [
        structures.Sparse(density=0.1),
        structures.Sparse(density=0.1, block=(1, 4)),
        structures.doped("kronecker", compression=5, block=(1, 4)),
        structures.doped(structures.LowRank(rank=2), compression=3),
        structures.Concatenated(structures.doped("kronecker", compression=5), 4),
    ],
)
def test_sparse_parts_start_dense_and_make_up_for_the_rest(spec):
    structure = spec.copy()
    structure.build(W.shape)
    warm_start(structure, W)
    np.testing.assert_allclose(to_numpy(structure.to_dense()), W, atol=1e-5)
    for part in structures.find_structures(structure, structures.Sparse):
        assert part.sparsity == 0
        part.prune()
        assert part.is_at_target


def test_other_parts_are_fitted_first():
    structure = structures.doped(structures.LowRank(rank=2), compression=3).copy()
    structure.build(W.shape)
    warm_start(structure, W)
    low = to_numpy(structure.parts[0].to_dense())
    u, s, v = np.linalg.svd(W, full_matrices=False)
    np.testing.assert_allclose(low, (u[:, :2] * s[:2]) @ v[:2], atol=1e-4)


def test_matrix_of_another_shape_is_refused():
    structure = structures.LowRank(rank=2)
    with pytest.raises(ValueError, match="not built"):
        warm_start(structure, W)
    structure.build((24, 16))
    with pytest.raises(ValueError, match=r"24, 32.*24, 16"):
        warm_start(structure, W)
