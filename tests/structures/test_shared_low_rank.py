import keras
import numpy as np
import pytest
from contract import StructureContract, dense

from lrkeras import layers, structures


class TestSharedLowRank(StructureContract):
    def make(self):
        return structures.SharedLowRank(rank=4, group="top")

    def shape(self):
        return (18, 24)

    def test_copy_is_unbuilt_and_independent(self):
        """All but the projection, which copies of one object share."""
        structure = self.built()
        copy = structure.copy()
        copy.build(self.shape())
        assert copy.right is not structure.right
        assert copy.projection is structure.projection

    def test_second_member_fits_to_the_projection(self):
        rng = np.random.default_rng(0)
        spec = structures.SharedLowRank(rank=4, dtype="float64")
        first = spec.copy().from_dense(rng.normal(size=(18, 24)))
        w = rng.normal(size=(18, 30))
        second = spec.copy().from_dense(w)
        assert second.projection is first.projection
        left = np.asarray(first.projection.kernel)
        best = left @ np.linalg.lstsq(left, w, rcond=None)[0]
        np.testing.assert_allclose(dense(second), best, atol=1e-12)
        assert (first.num_params, second.num_params) == (4 * (18 + 24), 4 * 30)

    def test_gates_side_by_side_project_once(self):
        """24 * 180 for the projection, 4 * 24 * 180 for the gates; doping 4 * 180 * 18 more."""
        gates = structures.Concatenated(structures.SharedLowRank(rank=24), 4)
        gates.build((180, 720))
        assert gates.macs == 21_600
        doped = structures.SharedLowRank(rank=24) + structures.Sparse(density=0.1)
        doped = structures.Concatenated(doped, 4)
        doped.build((180, 720))
        assert doped.macs == 21_600 + 4 * 18 * 180
        x = np.random.default_rng(0).normal(size=(3, 180)).astype("float32")
        for structure in (gates, doped):
            np.testing.assert_allclose(structure.matmul(x), x @ dense(structure), atol=1e-4)

    def test_a_loop_does_not_form_what_is_faster_in_factors(self, monkeypatch):
        """4 * 21,600 are fewer than 180 * 720; with a projection for each gate they were not."""
        layer = layers.LSTM(180, recurrent_structure=structures.SharedLowRank(rank=24))
        layer.build((None, 5, 8))

        def formed(structure, training=False):
            raise AssertionError("the matrix was formed")

        monkeypatch.setattr(structures.Concatenated, "to_dense", formed)
        assert layer(np.ones((1, 5, 8), "float32")).shape == (1, 180)

    def test_members_must_agree(self):
        spec = structures.SharedLowRank(rank=4, group="top")
        spec.copy().build((18, 24))
        with pytest.raises(ValueError, match="from 18 inputs to rank 4"):
            spec.copy().build((20, 24))


def model(seed=0):
    keras.utils.set_random_seed(seed)
    return keras.Sequential(
        [
            keras.Input((5, 6)),
            layers.LSTM(
                8,
                return_sequences=True,
                gate_layout="stacked",
                recurrent_structure=structures.SharedLowRank(rank=3, group="top"),
            ),
            layers.LSTM(
                8,
                gate_layout="stacked",
                kernel_structure=structures.SharedLowRank(rank=3, group="top"),
            ),
        ]
    )


def projections(m):
    found = [
        structures.find_structures(layer, structures.SharedLowRank)[0].projection
        for layer in m.layers
    ]
    return found


def test_a_name_is_shared_within_a_model_and_not_between_models():
    first, second = model(), model()
    assert projections(first)[0] is projections(first)[1]
    assert projections(first)[0] is not projections(second)[0]
    # 6 x 32 dense, P 8 x 3, two Z 3 x 32, 8 x 32 dense, two biases
    assert first.count_params() == 6 * 32 + 8 * 3 + 2 * 3 * 32 + 8 * 32 + 2 * 32


def test_sharing_survives_saving_and_cloning(tmp_path):
    m = model()
    x = np.random.default_rng(0).normal(size=(2, 5, 6)).astype("float32")
    m.save(tmp_path / "m.keras")
    loaded = keras.models.load_model(tmp_path / "m.keras")
    assert projections(loaded)[0] is projections(loaded)[1]
    np.testing.assert_array_equal(m.predict(x, verbose=0), loaded.predict(x, verbose=0))
    clone = keras.models.clone_model(m)
    assert projections(clone)[0] is projections(clone)[1]
    assert projections(clone)[0] is not projections(m)[0]


def test_one_object_is_shared_outside_of_functional_models():
    shared = structures.SharedLowRank(rank=3)
    first, second = (layers.Dense(4, kernel_structure=shared) for _ in range(2))
    first.build((None, 8))
    second.build((None, 8))
    assert first.kernel_structure.projection is second.kernel_structure.projection
