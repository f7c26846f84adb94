"""Regularisers of structured matrices, wherever the layer or cell is used."""

import keras
import numpy as np
import pytest

from lrkeras import layers, structures

UNITS, INPUTS, STEPS = 6, 6, 3
L1, L2 = keras.regularizers.L1(0.2), keras.regularizers.L2(0.1)
CELLS = {
    "LSTM": {"kernel_structure": "low_rank", "recurrent_structure": "kronecker"},
    "GRU": {"kernel_structure": "hybrid", "recurrent_structure": "monarch"},
    "SimpleRNN": {"kernel_structure": "doped_low_rank", "recurrent_structure": "low_rank"},
    "RHN": {"kernel_structure": "low_rank", "recurrent_structure": "toeplitz_like"},
    "joint LSTM": {"joint_structure": structures.LowRank(rank=2)},
    "joint GRU": {"joint_structure": structures.Sparse(density=0.5), "gate_layout": "stacked"},
    "group LSTM": {"recurrent_structure": structures.SharedLowRank(rank=2)},
}
CELL_CLASSES = (layers.LSTMCell, layers.GRUCell, layers.SimpleRNNCell, layers.RHNCell)


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def cell_of(name, **arguments):
    kind = getattr(layers, f"{name.split()[-1]}Cell")
    return kind(
        UNITS,
        **CELLS[name],
        kernel_regularizer=L2,
        recurrent_regularizer=L1,
        bias_regularizer=keras.regularizers.L2(0.3),
        **arguments,
    )


def expected_of(cell):
    """The sum of the penalties, from the whole matrices."""
    recurrent = [cell._matrix(name) for name in cell.recurrent_names]
    return (
        0.1 * np.sum(numbers(cell.kernel) ** 2)
        + sum(0.2 * np.sum(np.abs(numbers(matrix))) for matrix in recurrent)
        + 0.3 * np.sum(numbers(cell.bias) ** 2)
    )


def total(layer):
    return float(sum(numbers(loss) for loss in layer.losses))


WRAPPERS = {
    "alone": lambda cell: cell,
    "RNN": keras.layers.RNN,
    "Bidirectional": lambda cell: keras.layers.Bidirectional(keras.layers.RNN(cell)),
    "StackedRNNCells": lambda cell: keras.layers.RNN(
        keras.layers.StackedRNNCells([keras.layers.LSTMCell(INPUTS), cell])
    ),
}


@pytest.mark.parametrize("wrapper", WRAPPERS)
@pytest.mark.parametrize("name", CELLS)
def test_a_cell_keeps_its_regularizers_in_layers_of_keras(name, wrapper):
    layer = WRAPPERS[wrapper](cell_of(name))
    if wrapper == "alone":
        layer.build((None, INPUTS))
    else:
        layer(np.ones((2, STEPS, INPUTS), "float32"))
    cells = [c for c in layer._flatten_layers() if isinstance(c, CELL_CLASSES)]
    assert len(cells) == (2 if wrapper == "Bidirectional" else 1)
    assert total(layer) == pytest.approx(sum(map(expected_of, cells)), rel=1e-4)


@pytest.mark.parametrize("name", CELLS)
def test_layers_count_a_penalty_once_however_often_they_are_called(name):
    cell = cell_of(name)
    kind = getattr(layers, name.split()[-1])
    layer = kind(**{k: v for k, v in cell.get_config().items() if k not in ("name", "dtype")})
    inputs = keras.Input((STEPS, INPUTS))
    keras.Model(inputs, layer(layer(inputs)[:, None]))
    assert total(layer) == pytest.approx(expected_of(layer.cell), rel=1e-4)


def test_the_penalty_is_trained():
    """With a loss of nothing but the penalty 0.1 |W|^2, W = l r, one step is known."""
    keras.utils.set_random_seed(0)
    spec = structures.LowRank(rank=2)
    cell = layers.LSTMCell(UNITS, joint_structure=spec, gate_layout="stacked",
                           kernel_regularizer=L2)  # fmt: skip
    model = keras.Sequential([keras.Input((STEPS, INPUTS)), keras.layers.RNN(cell)])
    model.compile(keras.optimizers.SGD(0.5), loss=lambda y, p: 0.0 * keras.ops.sum(p, axis=-1))
    left, right = numbers(cell.joint_structure.left), numbers(cell.joint_structure.right)
    model.train_on_batch(np.ones((2, STEPS, INPUTS)), np.zeros((2, UNITS)))
    gradient = 0.2 * left[:INPUTS] @ right @ right.T
    expected = left - 0.5 * np.concatenate([gradient, np.zeros((UNITS, 2))])
    np.testing.assert_allclose(numbers(cell.joint_structure.left), expected, atol=1e-5)


def test_frozen_layers_have_no_penalty_as_in_keras():
    layer = layers.LSTM(UNITS, kernel_structure="low_rank", kernel_regularizer="l2")
    layer.build((None, STEPS, INPUTS))
    assert len(layer.losses) == 1
    layer.trainable = False
    assert layer.losses == []


@pytest.mark.parametrize("kind", ["Dense", "Embedding"])
def test_dense_and_embedding_have_the_penalty_once_and_before_they_are_called(kind):
    if kind == "Dense":
        layer = layers.Dense(4, kernel_structure="low_rank", kernel_regularizer=L2)
        layer.build((None, 5))
        matrix = layer.kernel
        inputs = keras.Input((5,))
    else:
        layer = layers.Embedding(5, 4, embeddings_structure="low_rank", embeddings_regularizer=L2)
        layer.build()
        matrix = layer.embeddings
        inputs = keras.Input((3,), dtype="int32")
    expected = 0.1 * np.sum(numbers(matrix) ** 2)
    assert [numbers(loss) for loss in layer.losses] == pytest.approx([expected], rel=1e-5)
    keras.Model(inputs, [layer(inputs), layer(inputs)])
    assert [numbers(loss) for loss in layer.losses] == pytest.approx([expected], rel=1e-5)


@pytest.mark.parametrize("policy", ["mixed_float16", "mixed_bfloat16"])
def test_penalties_are_float32_in_mixed_precision(policy):
    layer = layers.LSTM(UNITS, kernel_structure="kronecker", kernel_regularizer="l2", dtype=policy)
    layer.build((None, STEPS, INPUTS))
    (loss,) = layer.losses
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
