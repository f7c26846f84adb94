"""Sizes of the structures, by the arithmetic of the papers."""

import math

import pytest

from lrkeras import structures
from lrkeras.tasks.papers.language_models.layer_matrices import matrices_of
from lrkeras.tasks.papers.language_models.rows import config_of
from lrkeras.tasks.papers.matrices import index_bytes, structure_of

GATE = (1300, 650)  # inputs x outputs of a gate of the medium model


def _built(name, shape=GATE):
    structure = structure_of(config_of(name), shape)
    structure.build(shape, shape[1])
    return structure


def test_kronecker_alone_is_the_papers_339_times_smaller():
    numbers = 4 * (_built("ptb_medium_kronecker").num_params + 650)
    assert 3_382_600 / numbers == pytest.approx(338.94, abs=0.01)


@pytest.mark.parametrize(("ratio", "count"), [(20, 159_150), (25, 125_324), (100, 23_846)])
def test_doped_kronecker_has_the_papers_non_zeros(ratio, count):
    structure = _built(f"ptb_medium_doped_kronecker_{ratio}x")
    sparse = structure.parts[1]
    # Four gates, each rounded down to whole numbers.
    assert 0 <= count - 4 * sparse.nnz < 4


def test_blocks_at_the_same_number_of_values():
    elements = _built("ptb_medium_doped_kronecker_20x").parts[1].nnz
    blocks = _built("ptb_medium_doped_kronecker_20x_1x16").parts[1].nnz
    assert 0 <= elements - blocks < 16


@pytest.mark.parametrize("width", [4, 16])
def test_blocks_at_the_same_bytes_hold_more_values(width):
    elements = _built("ptb_medium_doped_kronecker_20x").parts[1]
    blocks = _built(f"ptb_medium_doped_kronecker_20x_1x{width}_element_bytes").parts[1]
    spare = elements.num_bytes() - blocks.num_bytes()
    assert 0 <= spare < 4 * width + 8
    # Six bytes an entry against four and the share of a one-byte (or two-byte) index.
    index = 2 if math.ceil(1300 / width) > 256 else 1
    assert blocks.nnz / elements.nnz == pytest.approx(6 / (4 + index / width), rel=0.01)


def test_size_with_indices_counted():
    structure = _built("ptb_medium_doped_kronecker_25x_bytes")
    total = structure.num_bytes() + 4 * 650
    wanted = 4 * (1300 * 650 + 650) / 25
    assert 0 <= wanted - total < 16
    assert index_bytes(GATE, (1, 1), structure.parts[1].nnz) == structure.index_bytes


@pytest.mark.parametrize("base", ["low_rank", "hybrid", "monarch"])
def test_other_doped_structures_are_of_the_size_too(base):
    structure = _built(f"ptb_small_doped_{base}_10x", (400, 200))
    assert isinstance(structure, structures.Sum)
    spare = (400 * 200 + 200) / 10 - 200 - structure.num_params
    assert 0 <= spare < 1


def test_gates_that_share_a_matrix_have_a_higher_rank_at_the_same_size():
    def arguments(name):
        return matrices_of(config_of(name), 0)

    each, shared = arguments("ptb_small_low_rank_20x"), arguments("ptb_small_low_rank_20x_stacked")
    assert (each["gate_layout"], shared["gate_layout"]) == ("per_gate", "stacked")
    each["joint_structure"].build((400, 200), 200)
    shared["joint_structure"].build((400, 800), 800)
    # Four gates of 6 * (400 + 200) numbers, all of 12 * (400 + 800): both 14,400.
    assert (each["joint_structure"].rank, shared["joint_structure"].rank) == (6, 12)


def test_post_training_ranks():
    svd = structure_of(config_of("ptb_small_svd_recurrent_r50"), (200, 800))
    assert svd.rank == 50
    pruned = structure_of(config_of("ptb_small_pruned_recurrent_r50"), (200, 800))
    pruned.build((200, 800))
    assert pruned.nnz == 50 * (200 + 800)
    with pytest.raises(ValueError, match=r"rank from 1 to 160.*received 200"):
        structure_of(config_of("ptb_small_svd_recurrent_r200"), (200, 800))


def test_a_matrix_too_narrow_for_the_rank_stays_dense():
    config = config_of("ptb_awd_svd_recurrent_r400")
    # 400 * (400 + 1600) numbers are more than the 400 x 1600 of the last layer.
    kinds = [matrices_of(config, layer).get("recurrent_structure") for layer in range(3)]
    assert [kind and kind.rank for kind in kinds] == [400, 400, None]


def test_no_room_for_a_sparse_part():
    with pytest.raises(ValueError, match="leaves no room"):
        structure_of(config_of("ptb_medium_doped_kronecker_339x"), GATE)
