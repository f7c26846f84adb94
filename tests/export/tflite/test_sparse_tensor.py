import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lrkeras.export.tflite.sparse_tensor import BlockSparseFilter, block_density


def _matrix(outputs, width, density, seed):
    rng = np.random.default_rng(seed)
    mask = rng.random((outputs, width, 1)) < density
    return (rng.normal(size=(outputs, width, 16)) * mask).reshape(outputs, -1).astype("float32")


@settings(max_examples=30, deadline=None)
@given(
    outputs=st.integers(1, 9),
    width=st.integers(1, 7),
    density=st.floats(0, 1),
    per_channel=st.booleans(),
    seed=st.integers(0, 99),
)
def test_dense_form_is_within_half_a_quantum(outputs, width, density, per_channel, seed):
    weight = _matrix(outputs, width, density, seed)
    packed = BlockSparseFilter.from_dense(weight, per_channel)
    quantum = np.abs(weight).max(axis=1 if per_channel else None, keepdims=True) / 127
    assert (np.abs(packed.to_dense() - weight) <= quantum / 2 + 1e-6).all()


def test_only_blocks_with_weights_are_stored():
    weight = np.zeros((3, 48), "float32")
    weight[0, 20] = 127.0
    weight[2, 0], weight[2, 47] = -127.0, 1.0
    packed = BlockSparseFilter.from_dense(weight, per_channel=False)
    assert packed.segments.tolist() == [0, 1, 1, 3]
    assert packed.indices.tolist() == [1, 0, 2]
    assert packed.values[0].tolist() == [0] * 4 + [127] + [0] * 11
    assert packed.values[2].tolist() == [0] * 15 + [1]
    assert packed.scale.tolist() == [1.0]
    assert packed.block_density == pytest.approx(3 / 9)


def test_columns_must_be_a_multiple_of_16():
    with pytest.raises(ValueError, match="multiple of 16, received 17"):
        BlockSparseFilter.from_dense(np.ones((2, 17), "float32"))


def test_at_most_255_blocks_in_a_row():
    assert BlockSparseFilter.from_dense(np.ones((1, 4080), "float32")).num_blocks == 255
    with pytest.raises(ValueError, match=r"at most 255 blocks .* received 256"):
        BlockSparseFilter.from_dense(np.ones((1, 4096), "float32"))


def test_block_density_pads_the_last_block():
    weight = np.zeros((2, 17), "float32")
    weight[0, 16] = 1
    assert block_density(weight) == 0.25
