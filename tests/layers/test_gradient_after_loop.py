"""The gradient of a recurrent matrix behind the loop: against the plain loop over the same cell."""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, structures
from lrkeras.layers.gradient_after_loop import GradientAfterLoop

tf = pytest.importorskip("tensorflow")
pytestmark = [
    pytest.mark.sampled,
    pytest.mark.skipif(
        keras.backend.backend() != "tensorflow", reason="other backends keep their own gradient"
    ),
]
BATCH, STEPS, INPUTS, UNITS = 3, 7, 5, 8
LAYERS = {
    "dense": (layers.LSTM, {}),
    "Elman": (layers.SimpleRNN, {}),
    "Elman, no bias": (layers.SimpleRNN, {"use_bias": False, "recurrent_structure": "monarch"}),
    "Monarch": (layers.LSTM, {"recurrent_structure": "monarch"}),
    "joint": (layers.LSTM, {"joint_structure": structures.Kronecker()}),
    "doped": (layers.LSTM, {"joint_structure": structures.doped("kronecker", density=0.2)}),
    "projection": (layers.LSTM, {"projection_units": 4}),
    "dropped inputs": (layers.LSTM, {"dropout": 1e-9}),
    "last output": (layers.LSTM, {"return_sequences": False}),
    "Elman, last output": (layers.SimpleRNN, {"return_sequences": False}),
    "other activations": (layers.LSTM, {"activation": "relu", "recurrent_activation": "tanh"}),
}
# The first batch row is masked before, within and behind its steps; the second, everywhere.
MASK = np.array([[0, 0, 1, 1, 0, 1, 0], [0] * STEPS, [1] * STEPS], bool)


def drawn(*shape):
    return tf.constant(np.random.default_rng(len(shape)).normal(size=shape).astype("float32"))


def gradients(call, layer, *inputs):
    """Of a sum that weighs all outputs and states, by all weights and inputs; runs once."""
    with tf.GradientTape() as tape:
        tape.watch(inputs)
        found = call(*inputs)
        loss = sum(tf.reduce_sum(drawn(*part.shape) * part) for part in found)
    return tape.gradient(loss, [*(w.value for w in layer.trainable_weights), *inputs])


@pytest.fixture
def taken(monkeypatch):
    """How often the way around the loop was taken."""
    calls, see = [], GradientAfterLoop.see
    monkeypatch.setattr(
        GradientAfterLoop, "see", lambda self, *args: (calls.append(1), see(self, *args))[1]
    )
    return calls


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "function"])
@pytest.mark.parametrize("mask", [None, MASK], ids=["whole", "masked"])
@pytest.mark.parametrize("backwards", [False, True], ids=["forwards", "backwards"])
@pytest.mark.parametrize("name", LAYERS)
def test_gradients_are_those_of_the_plain_loop(name, backwards, mask, compiled, taken):
    kind, arguments = LAYERS[name]
    returned = {"return_sequences": arguments.get("return_sequences", True), "return_state": True}
    arguments = {**arguments, **returned}
    layer = kind(UNITS, go_backwards=backwards, bias_initializer="normal", **arguments)
    x = drawn(BATCH, STEPS, INPUTS)
    layer(x)
    sizes = layer.cell.state_size
    states = [drawn(BATCH, size) for size in (sizes if isinstance(sizes, list) else [sizes])]
    plain = keras.layers.RNN(layer.cell, go_backwards=backwards, **returned)

    def through(called):
        def call(x, *states):
            return called(x, initial_state=list(states), mask=mask, training=True)

        return tf.function(call) if compiled else call

    found = gradients(through(layer), layer, x, *states)
    assert taken and layer.return_sequences == returned["return_sequences"]
    expected = gradients(through(plain), layer, x, *states)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=2e-5)
        assert np.any(other)


@pytest.mark.parametrize("eagerly", [False, True])
def test_fit_changes_weights_as_the_plain_loop_does(eagerly, taken):
    x, y = np.ones((4, STEPS, INPUTS), "float32"), np.ones((4, STEPS, UNITS), "float32")
    weights = []
    for unroll in (False, True):
        keras.utils.set_random_seed(1)
        shape = keras.Input((STEPS, INPUTS))
        layer = layers.LSTM(UNITS, return_sequences=True, unroll=unroll)
        model = keras.Sequential([shape, keras.layers.Bidirectional(layer, merge_mode="sum")])
        model.compile("sgd", "mse", run_eagerly=eagerly)
        model.fit(x, y, epochs=3, verbose=0)
        weights.append(model.get_weights())
        assert bool(taken) is not unroll
        taken.clear()
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, atol=1e-6)


def test_gradients_in_half_precision_are_near_those_in_single():
    layer = layers.LSTM(UNITS, return_sequences=True, dtype="mixed_bfloat16")
    x = drawn(BATCH, STEPS, INPUTS)
    layer(x)
    single = layers.LSTM(UNITS, return_sequences=True)
    single(x)
    single.set_weights(layer.get_weights())
    found, expected = (
        gradients(lambda x, of=of: [ops.cast(of(x, training=True), "float32")], of, x)
        for of in (layer, single)
    )
    for one, other in zip(found, expected, strict=True):
        scale = np.abs(other).max()
        np.testing.assert_allclose(one / scale, other / scale, atol=0.05)


@pytest.mark.parametrize(
    "arguments",
    [
        {"recurrent_dropout": 0.2},
        {"unroll": True},
        {"zero_output_for_mask": True},
        {"recurrent_structure": structures.LowRank(rank=1)},
    ],
    ids=lambda arguments: next(iter(arguments)),
)
def test_the_plain_gradient_stays_where_states_are_not_the_outputs(arguments, taken):
    layer = layers.LSTM(UNITS, **{"return_sequences": True, **arguments})
    mask = MASK if "zero_output_for_mask" in arguments else None
    layer(drawn(BATCH, STEPS, INPUTS), mask=mask, training=True)
    assert not taken


def test_a_cell_with_a_step_of_its_own_keeps_the_plain_gradient(taken):
    class Doubled(layers.LSTMCell):
        def call(self, inputs, states, training=False):
            h, states = super().call(inputs, states, training=training)
            return h + ops.sum(ops.matmul(h, self.recurrent_kernel), -1, keepdims=True), states

    class Own(layers.LSTM):
        cell_class = Doubled

    layer = Own(UNITS, return_sequences=True)
    x = drawn(BATCH, STEPS, INPUTS)
    layer(x)
    plain = keras.layers.RNN(layer.cell, return_sequences=True)
    found, expected = (
        gradients(lambda x, of=of: [of(x, training=True)], layer, x) for of in (layer, plain)
    )
    assert not taken
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_allclose(one, other, atol=2e-5, rtol=2e-5)


def test_second_derivatives_are_refused_with_a_way_that_works():
    x = drawn(BATCH, STEPS, INPUTS)

    def penalty(unroll, training):
        layer = layers.LSTM(UNITS, return_sequences=True, unroll=unroll)
        with tf.GradientTape() as outer:
            with tf.GradientTape() as inner:
                inner.watch(x)
                y = tf.reduce_sum(layer(x, training=training) ** 2)
            slopes = inner.gradient(y, x)
            size = tf.reduce_sum(slopes**2)
        return outer.gradient(size, [w.value for w in layer.trainable_weights])

    with pytest.raises(LookupError, match=r"unroll=True, or call it with training=False"):
        penalty(False, True)
    for unroll, training in ((True, True), (False, False)):
        assert all(np.any(gradient) for gradient in penalty(unroll, training))
