"""Recurrent layers with structures: against NumPy in float64, against their own cells, saved."""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, structures

pytestmark = pytest.mark.sampled

SPECS = {
    "kernel": {"kernel_structure": "low_rank"},
    "recurrent": {"recurrent_structure": structures.LowRank(rank=2)},
    "both": {"kernel_structure": structures.Monarch(), "recurrent_structure": "hybrid"},
    "joint": {"joint_structure": structures.Kronecker()},
    "doped": {"joint_structure": structures.doped("kronecker", density=0.2, block=(1, 4))},
    "stacked": {"joint_structure": structures.ToeplitzLike(2), "gate_layout": "stacked"},
}
ROWS = [
    (c, s)
    for c in ("LSTM", "GRU", "RHN", "SimpleRNN")
    for s in SPECS
    if c != "RHN" or "joint" not in "".join(SPECS[s])
]


def numbers(x):
    return np.asarray(ops.convert_to_numpy(x), dtype=np.float64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def numpy_lstm(cell, x):
    kernel, recurrent, bias = (numbers(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
    h = c = np.zeros((len(x), cell.units))
    outputs = []
    for t in range(x.shape[1]):
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = sigmoid(o) * np.tanh(c)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def numpy_gru(cell, x):
    kernel, recurrent, bias = (numbers(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
    h = np.zeros((len(x), cell.units))
    outputs = []
    for t in range(x.shape[1]):
        x_z, x_r, x_h = np.split(x[:, t] @ kernel + bias[0], 3, axis=1)
        h_z, h_r, h_h = np.split(h @ recurrent + bias[1], 3, axis=1)
        z, r = sigmoid(x_z + h_z), sigmoid(x_r + h_r)
        h = z * h + (1 - z) * np.tanh(x_h + r * h_h)
        outputs.append(h)
    return np.stack(outputs, axis=1)


def numpy_rhn(cell, x):
    kernel, bias = numbers(cell.kernel), numbers(cell.bias)
    recurrent = [numbers(cell._matrix(name)) for name in cell.recurrent_names]
    s = np.zeros((len(x), cell.units))
    outputs = []
    for t in range(x.shape[1]):
        for level, matrix in enumerate(recurrent):
            z = s @ matrix + bias[level] + (x[:, t] @ kernel if level == 0 else 0)
            h, gate = np.split(z, 2, axis=1)
            s = np.tanh(h) * sigmoid(gate) + s * (1 - sigmoid(gate))
        outputs.append(s)
    return np.stack(outputs, axis=1)


def numpy_simple_rnn(cell, x):
    kernel, recurrent, bias = (numbers(w) for w in (cell.kernel, cell.recurrent_kernel, cell.bias))
    h = np.zeros((len(x), cell.units))
    outputs = []
    for t in range(x.shape[1]):
        h = np.tanh(x[:, t] @ kernel + h @ recurrent + bias)
        outputs.append(h)
    return np.stack(outputs, axis=1)


REFERENCES = {"LSTM": numpy_lstm, "GRU": numpy_gru, "RHN": numpy_rhn}
REFERENCES["SimpleRNN"] = numpy_simple_rnn


def data(shape=(3, 6, 10)):
    return np.random.default_rng(0).normal(size=shape).astype("float32")


@pytest.mark.parametrize(("cell", "spec"), ROWS)
def test_fit_builds_a_model_that_is_not_built(cell, spec):
    """As Keras's own layers are used: without `keras.Input`, `fit` sees the shape first."""
    layer = getattr(layers, cell)(6, **SPECS[spec])
    model = keras.Sequential([layer, layers.Dense(2, kernel_structure="low_rank")])
    model.compile("sgd", "mse")
    model.fit(np.ones((2, 3, 6)), np.ones((2, 2)), verbose=0)
    assert layer.cell.built


@pytest.mark.parametrize(("name", "spec"), ROWS)
def test_layer_cell_and_numpy_agree(name, spec):
    layer = getattr(layers, name)(8, return_sequences=True, **SPECS[spec])
    y = numbers(layer(data()))
    np.testing.assert_allclose(y, REFERENCES[name](layer.cell, data()), atol=2e-6)
    # The cell alone multiplies factor by factor.
    by_factor = keras.layers.RNN(layer.cell, return_sequences=True)(data())
    np.testing.assert_allclose(y, numbers(by_factor), atol=2e-6)


@pytest.mark.parametrize("spec", [s for s in SPECS if "joint" in s or s == "doped"])
@pytest.mark.parametrize("implementation", [1, 2])
def test_a_gru_that_resets_before_multiplies_gate_by_gate(spec, implementation):
    arguments = {"reset_after": False, "implementation": implementation, **SPECS[spec]}
    layer = layers.GRU(8, return_sequences=True, **arguments)
    expected = numbers(layer(data()))
    by_factor = keras.layers.RNN(layer.cell, return_sequences=True)(data())
    np.testing.assert_allclose(numbers(by_factor), expected, atol=2e-6)


@pytest.mark.parametrize("spec", [s for s in SPECS if "joint" in s or s == "doped"])
@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_masks_of_dropout_multiply_gate_by_gate(name, spec):
    """A rate so small that the masks drop nothing."""
    rates = {"dropout": 1e-9, "recurrent_dropout": 1e-9}
    layer = getattr(layers, name)(8, return_sequences=True, **rates, **SPECS[spec])
    expected = numbers(layer(data()))
    cell = keras.layers.RNN(layer.cell, return_sequences=True)
    np.testing.assert_allclose(numbers(cell(data(), training=True)), expected, atol=2e-6)


FACTORED = {
    "separate": {"kernel_structure": "hybrid", "recurrent_structure": structures.LowRank(rank=2)},
    "joint": {"joint_structure": structures.LowRank(rank=2), "gate_layout": "stacked"},
    "joint_gates": {"joint_structure": structures.LowRank(rank=1)},
    "joint_hybrid": {"joint_structure": structures.Hybrid(rank=2)},
}


@pytest.mark.parametrize(
    ("name", "spec"),
    [(n, s) for n in REFERENCES for s in FACTORED if n != "RHN" or s == "separate"],
)
def test_a_loop_forms_no_matrix_where_factors_are_less_work(name, spec, monkeypatch):
    layer = getattr(layers, name)(40, return_sequences=True, **FACTORED[spec])
    x = data((3, 6, 40))
    layer.build(x.shape)
    expected = REFERENCES[name](layer.cell, x)
    gradient = gradients_of(layer, x)
    formed = []
    for kind in (structures.LowRank, structures.Hybrid, structures.Concatenated):
        to_dense = kind.to_dense
        monkeypatch.setattr(
            kind, "to_dense", lambda *a, f=to_dense, **k: formed.append(1) or f(*a, **k)
        )
    np.testing.assert_allclose(numbers(layer(x)), expected, atol=2e-6)
    assert not formed
    # With a regulariser of no weight the same layer forms what it multiplies with.
    layer.cell.kernel_regularizer = keras.regularizers.L2(0.0)
    layer.cell.recurrent_regularizer = keras.regularizers.L2(0.0)
    for a, b in zip(gradient, gradients_of(layer, x), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
    assert formed


def gradients_of(layer, x):
    """How a step of gradient descent on the mean square changes the weights."""
    inputs = keras.Input(x.shape[1:])
    model = keras.Model(inputs, layer(inputs))
    before = [numbers(w) for w in layer.trainable_variables]
    model.compile(keras.optimizers.SGD(1.0), "mse")
    model.train_on_batch(x, np.zeros((*x.shape[:2], 40), "float32"))
    changes = [numbers(w) - b for w, b in zip(layer.trainable_variables, before, strict=True)]
    for weight, value in zip(layer.trainable_variables, before, strict=True):
        weight.assign(value)
    return changes


@pytest.mark.parametrize(("name", "spec"), ROWS)
def test_trains_saves_and_loads_bit_exactly(name, spec, tmp_path):
    model = keras.Sequential(
        [
            keras.Input((6, 10)),
            getattr(layers, name)(8, return_sequences=True, **SPECS[spec]),
            layers.Dense(3, kernel_structure="low_rank"),
        ]
    )
    model.compile(keras.optimizers.SGD(0.1), "mse")
    y = np.zeros((3, 6, 3), "float32")
    losses = model.fit(data(), y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    for a, b in zip(model.weights, loaded.weights, strict=True):
        np.testing.assert_array_equal(numbers(a), numbers(b))
    np.testing.assert_array_equal(
        model.predict(data(), verbose=0), loaded.predict(data(), verbose=0)
    )


@pytest.mark.parametrize("spec", ["both", "joint", "doped"])
@pytest.mark.parametrize(
    "arguments",
    [
        {"go_backwards": True},
        {"unroll": True},
        {"use_bias": False},
        {"return_state": True},
        {"dtype": "float64"},
    ],
    ids=str,
)
def test_arguments_of_keras_act_as_on_the_dense_layer(spec, arguments):
    """The same layer in Keras, given the formed matrices, gives the same outputs."""
    ours = layers.LSTM(8, return_sequences=True, **SPECS[spec], **arguments)
    theirs = keras.layers.LSTM(8, return_sequences=True, **arguments)
    mask = np.array([[1, 1, 1, 0, 0, 0], [1, 1, 1, 1, 1, 1], [0, 1, 0, 1, 1, 1]], bool)
    first = keras.tree.flatten(ours(data(), mask=mask))
    theirs.build(data().shape)
    biases = [] if ours.cell.bias is None else [numbers(ours.cell.bias)]
    theirs.set_weights([numbers(ours.cell.kernel), numbers(ours.cell.recurrent_kernel), *biases])
    second = keras.tree.flatten(theirs(data(), mask=mask))
    assert len(first) == len(second)
    for a, b in zip(first, second, strict=True):
        np.testing.assert_allclose(numbers(a), numbers(b), atol=2e-6)


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
@pytest.mark.parametrize(
    "arguments", [{"dropout": 0.4}, {"dropout": 0.3, "recurrent_dropout": 0.4}], ids=str
)
def test_dropout_draws_the_masks_of_keras(name, arguments):
    ours = getattr(layers, name)(8, seed=3, **arguments)
    theirs = getattr(keras.layers, name)(8, seed=3, **arguments)
    ours.build(data().shape)
    theirs.build(data().shape)
    theirs.set_weights([numbers(w) for w in ours.get_weights()])
    np.testing.assert_allclose(
        numbers(ours(data(), training=True)), numbers(theirs(data(), training=True)), atol=1e-6
    )


def test_bidirectional_and_stateful():
    wrapped = keras.layers.Bidirectional(layers.LSTM(8, **SPECS["doped"]))
    assert tuple(wrapped(data()).shape) == (3, 16)
    layer = layers.LSTM(8, stateful=True, return_sequences=True, **SPECS["both"])
    whole = numpy_lstm_after_build(layer)
    first, second = numbers(layer(data()[:, :2])), numbers(layer(data()[:, 2:]))
    np.testing.assert_allclose(np.concatenate([first, second], axis=1), whole, atol=2e-6)


def numpy_lstm_after_build(layer):
    layer.build(data().shape)
    return numpy_lstm(layer.cell, data())


def test_projection():
    layer = layers.LSTM(8, projection_units=5, return_sequences=True, return_state=True)
    y, h, c = layer(data())
    assert (tuple(y.shape), tuple(h.shape), tuple(c.shape)) == ((3, 6, 5), (3, 5), (3, 8))
    assert tuple(layer.cell.recurrent_kernel.shape) == (5, 32)
    kernel, recurrent, bias, projection = (
        numbers(w)
        for w in (
            layer.cell.kernel,
            layer.cell.recurrent_kernel,
            layer.cell.bias,
            layer.cell.projection_kernel,
        )
    )
    h_ref, c_ref = np.zeros((3, 5)), np.zeros((3, 8))
    for t in range(6):
        i, f, g, o = np.split(data()[:, t] @ kernel + h_ref @ recurrent + bias, 4, axis=1)
        c_ref = sigmoid(f) * c_ref + sigmoid(i) * np.tanh(g)
        h_ref = (sigmoid(o) * np.tanh(c_ref)) @ projection
    np.testing.assert_allclose(numbers(h), h_ref, atol=2e-6)


def test_parameter_counts_of_the_papers():
    """Kronecker paper: MNIST 17.58x, KWS 24.47x, PTB medium 338.94x, biases counted."""
    for inputs, units, expected in ((28, 40, 17.58), (10, 118, 24.47), (650, 650, 338.94)):
        layer = layers.LSTM(units, joint_structure="kronecker")
        layer.build((None, None, inputs))
        dense = 4 * units * (units + inputs) + 4 * units
        assert dense / layer.count_params() == pytest.approx(expected, abs=0.005)


def test_compression_counts_biases_as_the_papers_do():
    """PTB medium, stacked low rank: 20x has rank 42 (42.7), 25x has 34 (papers, sect. 8)."""
    for compression, rank in ((20, 42), (25, 34)):
        spec = structures.LowRank(compression=compression)
        layer = layers.LSTM(650, joint_structure=spec, gate_layout="stacked")
        layer.build((None, None, 650))
        assert layer.cell.joint_structure.rank == rank


def test_gates_have_structures_of_their_own_and_seeds_are_kept():
    def build():
        initializer = keras.initializers.GlorotUniform(seed=5)
        layer = layers.LSTM(8, kernel_structure="low_rank", kernel_initializer=initializer)
        layer.build((None, None, 10))
        return numbers(layer.cell.kernel)

    first, second = build(), build()
    np.testing.assert_array_equal(first, second)
    i, f, _, _ = np.split(first, 4, axis=1)
    assert not np.allclose(i, f)


def test_initial_variance_is_that_of_keras_layers():
    """Glorot over (inputs, 4 units) and orthogonal rows of (units, 4 units), pooled when joint."""
    layer = layers.LSTM(96, kernel_structure="low_rank", recurrent_structure="kronecker")
    layer.build((None, None, 64))
    assert np.mean(numbers(layer.cell.kernel) ** 2) == pytest.approx(2 / (64 + 384), rel=0.15)
    assert np.mean(numbers(layer.cell.recurrent_kernel) ** 2) == pytest.approx(1 / 384, rel=0.5)


def test_regularizers_see_the_whole_matrix():
    layer = layers.LSTM(
        8,
        **SPECS["both"],
        kernel_regularizer=keras.regularizers.L2(0.1),
        recurrent_regularizer=keras.regularizers.L1(0.2),
    )
    layer(data())
    kernel, recurrent = numbers(layer.cell.kernel), numbers(layer.cell.recurrent_kernel)
    expected = [0.1 * np.sum(kernel**2), 0.2 * np.sum(np.abs(recurrent))]
    losses = [float(numbers(loss)) for loss in layer.losses]
    assert sorted(losses) == pytest.approx(sorted(expected), rel=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"joint_structure": "low_rank", "kernel_structure": "low_rank"}, "takes the place of"),
        ({"kernel_structure": "lowrank"}, 'Did you mean "low_rank"'),
        ({"gate_layout": "per-gate"}, "must be one of"),
        ({"projection_units": 0}, "positive integer or None"),
        ({"use_cudnn": "maybe"}, "`use_cudnn` must be"),
        (
            {"kernel_structure": "low_rank", "kernel_constraint": "max_norm"},
            "never stored whole",
        ),
    ],
)
def test_bad_arguments_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        layers.LSTM(8, **arguments)


def test_bad_depth_is_refused():
    with pytest.raises(ValueError, match="positive integer"):
        layers.RHN(8, depth=0)


def test_structure_that_does_not_fit_is_refused_at_build():
    with pytest.raises(ValueError, match="`rank` of LowRank must be between 1 and 8"):
        layers.LSTM(8, recurrent_structure=structures.LowRank(rank=9)).build((None, None, 10))
    with pytest.raises(ValueError, match="must multiply up to 8 outputs x 18 inputs"):
        spec = structures.Kronecker(factors=((2, 3), (5, 7)))
        layers.LSTM(8, joint_structure=spec).build((None, None, 10))


@pytest.mark.parametrize("name", ["LSTM", "GRU"])
def test_signature_is_that_of_keras_then_ours(name):
    import inspect

    ours = list(inspect.signature(getattr(layers, name)).parameters)
    theirs = list(inspect.signature(getattr(keras.layers, name)).parameters)
    assert ours[: len(theirs) - 1] == theirs[:-1]
    assert "joint_structure" in ours
    assert getattr(layers, name)(4, "relu").activation is keras.activations.relu


@pytest.mark.parametrize("structure", [None, "low_rank"])
@pytest.mark.parametrize(
    "initializer", ["orthogonal", keras.initializers.RandomUniform(-0.1, 0.1, seed=7)]
)
def test_micro_steps_start_from_matrices_of_their_own(structure, initializer):
    layer = layers.RHN(6, depth=3, recurrent_structure=structure, recurrent_initializer=initializer)
    layer.build((None, None, 4))
    matrices = [numbers(layer.cell._matrix(name)) for name in layer.cell.recurrent_names]
    for one in range(3):
        for other in range(one):
            assert np.abs(matrices[one] - matrices[other]).max() > 1e-3
    again = layers.RHN(6, depth=3, recurrent_structure=structure, recurrent_initializer=initializer)
    again.build((None, None, 4))
    if initializer != "orthogonal":  # a seed gives the same layer again
        for name, matrix in zip(layer.cell.recurrent_names, matrices, strict=True):
            np.testing.assert_array_equal(numbers(again.cell._matrix(name)), matrix)
