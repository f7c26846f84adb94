"""Sizes of rows against the weights of the models."""

import dataclasses
import math

import numpy as np
import pytest

from lrkeras.tasks.papers.an4.model import lstm_layers, recogniser
from lrkeras.tasks.papers.an4.rows import LISTED, config_of
from lrkeras.tasks.papers.an4.sizes import dense_numbers, ranks_of, widest
from lrkeras.tasks.papers.an4.training import recurrent_sizes

MOMENTS = (np.zeros(26), np.ones(26))


def test_dense_numbers_by_hand():
    # 4 gates of (78 + 256) x 256 and a bias, twice 4 of (256 + 256) x 256 and a bias.
    assert dense_numbers(256, 78, 3) == 4 * 256 * 335 + 2 * 4 * 256 * 513 == 1_393_664


@pytest.mark.parametrize("name", [name for name in LISTED if name.endswith("4x")])
def test_a_row_has_at_most_a_quarter_of_the_dense_numbers_and_nearly_that(name):
    config = config_of(name)
    model = recogniser(config, MOMENTS)
    numbers = sum(math.prod(w.shape) for layer in lstm_layers(model) for w in layer.weights)
    sizes = recurrent_sizes(model, config)
    assert sizes["parameters"] == numbers
    dense = sizes["dense_parameters"]
    # A rank is 1/180 of the small model.
    assert (0.97 if "tiny" in name else 0.995) * dense / 4 < numbers <= dense / 4


def test_the_widest_dense_layers_have_room_for_no_unit_more():
    wanted = dense_numbers(256, 78, 3) / 4
    assert dense_numbers(124, 78, 3) <= wanted < dense_numbers(125, 78, 3)
    assert widest(wanted, 78, 3) == config_of("an4_small_dense_4x").units == 124


def test_a_layer_above_a_projection_reads_the_projection():
    config = config_of("an4_hybrid_stack_4x")
    bottom, middle, top = lstm_layers(recogniser(config, MOMENTS))
    ranks = ranks_of(config)
    assert set(ranks) == {"kernel_0", "recurrent_0", "kernel_1", "projection_1", "projection_2"}
    assert [layer.cell.projection_units for layer in (bottom, middle, top)] == [
        None,
        ranks["projection_1"],
        ranks["projection_2"],
    ]
    # Nothing of its own but gates: the factor is the one of the layer below.
    assert tuple(top.cell.kernel.shape) == (ranks["projection_1"], 4 * 256)


def test_too_much_compression_is_refused():
    with pytest.raises(ValueError, match="leaves no rank"):
        ranks_of(dataclasses.replace(config_of("an4_low_rank_4x"), compression=200))
    with pytest.raises(ValueError, match="Compress less"):
        widest(100, 78, 3)
