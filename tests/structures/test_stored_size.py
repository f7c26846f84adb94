"""Sizes against numbers worked out by hand."""

import keras
import numpy as np
import pytest

from lrkeras import layers, structures
from lrkeras.structures.stored_size import StoredSize, count_parameters


def test_a_dense_layer():
    layer = keras.layers.Dense(4)
    layer.build((None, 6))
    assert StoredSize.of(layer) == StoredSize(
        params=28,  # 6 x 4 and 4 biases
        params_now=28,
        dense_params=28,
        bytes_without_indices=112,
        index_bytes=0,
        bytes=112,
        bits_per_weight=32.0,
    )
    int8 = StoredSize.of(layer, "int8")
    assert int8.bytes == 24 + 4 * 4, "biases stay float32"
    assert StoredSize.of(layer, "int4").bytes == 12 + 16
    with pytest.raises(ValueError, match="`dtype` must be one of"):
        StoredSize.of(layer, "int3")


def doped_lstm():
    """[x; h] is 3 + 5 = 8 inputs by 20 outputs; each gate 8 x 5."""
    spec = structures.LowRank(rank=1) + structures.Sparse(density=0.25)
    return layers.LSTM(5, joint_structure=spec)


# A gate: a rank of 8 + 5, and 10 of 40 entries; the indices of these take 10 bytes and 6 offsets.
GATE, ENTRIES, POSITIONS = 13, 10, 10 + 6


def test_a_doped_layer_before_and_after_it_is_sparse():
    layer = doped_lstm()
    layer.build((None, None, 3))
    size = StoredSize.of(layer)
    assert size.params == 4 * (GATE + ENTRIES) + 20
    assert size.params_now == count_parameters(layer) == 4 * (GATE + 40) + 20
    assert size.dense_params == 8 * 20 + 20
    assert size.index_bytes == 4 * POSITIONS
    assert size.bytes_without_indices == 4 * size.params == 448
    assert size.bytes == 448 + 64
    assert size.bits_per_weight == pytest.approx(8 * 512 / 180)
    for part in structures.find_structures(layer, structures.Sparse):
        part.prune()
    assert StoredSize.of(layer).params_now == size.params
    assert StoredSize.of(layer, "int8").bytes == 4 * (GATE + ENTRIES) + 4 * 20 + 64
    assert StoredSize.of(layer.cell) == StoredSize.of(layer)


def test_a_structure_by_itself_and_blocks_that_hang_over():
    part = structures.Sparse(density=0.5, block=(1, 4), padding="same")
    part.build((6, 4))  # 2 x 4 blocks of 4, half of them kept
    size = StoredSize.of(part)
    assert (size.params, size.params_now, size.dense_params) == (16, 32, 24)
    assert size.bytes == 64 + 4 + 5  # an index for each block, an offset for each row and one


def test_frozen_weights_and_statistics_are_stored():
    model = keras.Sequential(
        [keras.Input((6,)), keras.layers.Dense(4), keras.layers.BatchNormalization()]
    )
    assert StoredSize.of(model).params == 28 + 4 * 4
    model.trainable = False
    assert StoredSize.of(model).params == 28 + 4 * 4


def test_what_runs_a_model_is_not_stored():
    """States, seeds and what the optimiser and metrics keep."""
    model = keras.Sequential(
        [
            keras.Input((2, 3), batch_size=7),
            layers.LSTM(5, stateful=True, dropout=0.5, return_sequences=True),
            keras.layers.Bidirectional(keras.layers.GRU(2, stateful=True)),
            keras.layers.Dropout(0.5),
        ]
    )
    model.compile("adam", "mse", metrics=["mae"])
    model.train_on_batch(np.ones((7, 2, 3)), np.ones((7, 4)))
    lstm, gru = 20 * (3 + 5 + 1), 6 * (5 + 2 + 2)
    assert StoredSize.of(model).params == lstm + 2 * gru


def test_weights_that_are_reached_twice_count_once():
    table = layers.Embedding(50, 8, embeddings_structure=structures.LowRank(rank=2))
    inner = keras.layers.Dense(8)
    ids = keras.Input((None,), dtype="int32")
    hidden = inner(inner(table(ids)))
    model = keras.Model(ids, table(hidden, reverse=True))
    outer = keras.Sequential([keras.Input((None,), dtype="int32"), model])
    expected = 2 * (50 + 8) + 8 * 8 + 8
    assert StoredSize.of(model).params == StoredSize.of(outer).params == expected
    assert StoredSize.of(outer).dense_params == 50 * 8 + 72


def test_a_shared_projection_counts_in_the_member_that_owns_it():
    spec = structures.SharedLowRank(rank=2, group="h")
    first, second = (layers.Dense(4, kernel_structure=spec, use_bias=False) for _ in range(2))
    inputs = keras.Input((6,))
    model = keras.Model(inputs, [first(inputs), second(inputs)])
    assert [StoredSize.of(layer).params for layer in (first, second)] == [6 * 2 + 2 * 4, 2 * 4]
    assert StoredSize.of(model).params == 28
    assert StoredSize.of(model).dense_params == 48


def test_one_layer_in_two_models_counts_in_each():
    shared = keras.layers.Dense(6)
    models = [keras.Sequential([keras.Input((6,)), shared]) for _ in range(2)]
    assert [StoredSize.of(model).params for model in models] == [42, 42]
    inputs = keras.Input((6,))
    assert StoredSize.of(keras.Model(inputs, models[1](models[0](inputs)))).params == 42
