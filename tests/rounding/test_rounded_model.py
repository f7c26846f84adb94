"""Models with rounded weights against the same models with the weights rounded beforehand."""

import keras
import numpy as np
import pytest

import lrkeras
from lrkeras import layers, structures
from lrkeras.layers.cifg_cell import CIFGCell
from lrkeras.rounding.rounded_copy import plain_copy
from lrkeras.rounding.straight_through import straight_through

pytestmark = pytest.mark.sampled

WORDS, WIDTH = 60, 32


def _cifg():
    return keras.layers.RNN(CIFGCell(WIDTH, WIDTH, name="cell"), return_sequences=True)


def _two(**arguments):
    return layers.LSTM(WIDTH, return_sequences=True, **arguments)


BODIES = {
    "keras LSTM": lambda: keras.layers.LSTM(WIDTH, return_sequences=True),
    "keras GRU": lambda: keras.layers.GRU(WIDTH, return_sequences=True),
    "keras SimpleRNN": lambda: keras.layers.SimpleRNN(WIDTH, return_sequences=True),
    "ours": _two,
    "projected": lambda: _two(projection_units=WIDTH),
    "CIFG": _cifg,
    "RHN": lambda: layers.RHN(WIDTH, depth=2, return_sequences=True),
    "low rank": lambda: _two(
        kernel_structure=structures.LowRank(rank=32),
        recurrent_structure=structures.LowRank(rank=32),
        gate_layout="stacked",
    ),
    "hybrid": lambda: _two(joint_structure=structures.Hybrid(rank=40), gate_layout="stacked"),
    "sum": lambda: _two(
        recurrent_structure=structures.LowRank(rank=32) + structures.Dense(),
        gate_layout="stacked",
    ),
    "Bidirectional": lambda: keras.layers.Bidirectional(
        keras.layers.LSTM(WIDTH, return_sequences=True), merge_mode="sum"
    ),
}


def _model(body, tied=True):
    keras.utils.set_random_seed(3)
    words = keras.Input((None,), dtype="int32", name="tokens")
    table = layers.Embedding(WORDS, WIDTH, name="words")
    hidden = BODIES[body]()(table(words))
    if tied:
        return keras.Model(words, table(hidden, reverse=True))
    return keras.Model(words, keras.layers.Dense(WORDS, name="output")(hidden))


def _tokens(seed=0):
    return np.random.default_rng(seed).integers(0, WORDS, (4, 9)).astype("int32")


def _compiled(model):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(0.01), loss)
    return model


def _outputs(model, x):
    return keras.ops.convert_to_numpy(model(x))


def _levels(matrix, axis):
    """Distinct values of each channel of a matrix."""
    return max(len(np.unique(row)) for row in np.moveaxis(matrix, axis, 0))


def test_values_are_on_the_grid_and_gradients_pass():
    weights = np.linspace(-2, 2, 12).reshape(3, 4).astype("float32")
    scale = np.array([[0.1, 0.2, 0.25, 0.5]], "float32")
    variable = keras.Variable(weights)
    optimizer = keras.optimizers.SGD(1.0)
    rounded = keras.ops.convert_to_numpy(straight_through(variable, keras.Variable(scale), 4))
    expected = np.clip(np.rint(weights / scale), -7, 7) * scale
    np.testing.assert_array_equal(rounded, expected)

    class Sum(keras.layers.Layer):
        def __init__(self):
            super().__init__()
            self.matrix = variable

        def call(self, x):
            return x * keras.ops.sum(straight_through(self.matrix, scale, 4) * weights)

    model = keras.Sequential([keras.Input((1,)), Sum()])
    model.layers[0]._trainable_variables.append(variable)
    model.compile(optimizer, loss=lambda y, p: keras.ops.mean(p))
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 1)))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(variable), weights - weights, atol=1e-6)


@pytest.mark.parametrize("body", BODIES)
def test_a_model_computes_with_the_rounded_weights(body):
    model = _model(body)
    copy = lrkeras.quantize_aware(model)
    x = _tokens()
    for name, rounded in copy.rounded_weights().items():
        assert np.abs(rounded.integers).max() <= 7, name
        assert rounded.scale.size == rounded.dense().shape[0 if name == "words.embeddings" else 1]
    plain = plain_copy(copy)
    assert type(plain) is not type(copy)
    np.testing.assert_allclose(_outputs(copy, x), _outputs(plain, x), atol=1e-6)
    assert np.abs(_outputs(copy, x) - _outputs(model, x)).max() > 1e-5
    # The model itself and its weights are as they were.
    np.testing.assert_array_equal(_outputs(model, x), _outputs(_model(body), x))


@pytest.mark.parametrize("body", BODIES)
def test_every_matrix_of_a_body_is_rounded(body):
    copy = lrkeras.quantize_aware(_model(body))
    rounded = {id(copy.weight_of(name).variable) for name in copy.rounded}
    for variable in copy.trainable_variables:
        small = np.prod(variable.shape) < 1024 or len(variable.shape) < 2
        assert (id(variable) in rounded) != small, variable.path


@pytest.mark.parametrize("body", ["keras LSTM", "low rank", "CIFG", "RHN"])
def test_training_moves_the_weights_and_leaves_the_scales(body):
    copy = _compiled(lrkeras.quantize_aware(_model(body)))
    before = {n: r.scale for n, r in copy.rounded_weights().items()}
    weights = {n: copy.weight_of(n).variable.numpy().copy() for n in copy.rounded}
    x = _tokens()
    history = copy.fit(x, np.roll(x, -1, 1), epochs=30, verbose=0).history["loss"]
    assert history[-1] < 0.85 * history[0]
    for name, rounded in copy.rounded_weights().items():
        np.testing.assert_array_equal(rounded.scale, before[name])
        moved = copy.weight_of(name).variable.numpy()
        assert np.abs(moved - weights[name]).max() > 1e-3
        axis = 0 if name == "words.embeddings" else 1
        assert _levels(rounded.dense(), axis) <= 15 < _levels(moved, axis)


@pytest.mark.slow
def test_tuning_wins_back_what_rounding_lost():
    """A model trained to the end, rounded: its loss falls again with rounded weights."""
    model = _compiled(_model("keras LSTM"))
    x = _tokens(1)
    y = np.roll(x, -1, 1)
    model.fit(x, y, epochs=120, verbose=0)
    copy = lrkeras.quantize_aware(model)
    lost = copy.evaluate(x, y, verbose=0)
    copy.fit(x, y, epochs=40, verbose=0)
    assert copy.evaluate(x, y, verbose=0) < lost
    assert plain_copy(copy).count_params() == model.count_params()


def test_eight_bits_are_finer_than_four():
    model = _model("keras LSTM")
    x = _tokens()
    errors = {
        bits: np.abs(_outputs(lrkeras.quantize_aware(model, bits), x) - _outputs(model, x)).max()
        for bits in (4, 8)
    }
    assert 8 * errors[8] < errors[4]


@pytest.mark.parametrize("tied", [True, False])
def test_a_saved_model_goes_on_to_the_same_weights(tied, tmp_path):
    copy = _compiled(lrkeras.quantize_aware(_model("low rank", tied)))
    x = _tokens()
    copy.fit(x, x, epochs=2, verbose=0)
    copy.save(tmp_path / "copy.keras")
    loaded = lrkeras.load_model(tmp_path / "copy.keras")
    assert loaded.rounded == copy.rounded and loaded.bits == 4
    np.testing.assert_array_equal(_outputs(loaded, x), _outputs(copy, x))
    for model in (copy, loaded):
        model.fit(x, x, epochs=3, verbose=0)
    for name, weight in copy.rounded_weights().items():
        np.testing.assert_allclose(
            loaded.rounded_weights()[name].dense(), weight.dense(), atol=1e-5
        )


def test_an_interrupted_training_resumes(tmp_path):
    x = _tokens()

    class Stop(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 3:
                raise KeyboardInterrupt

    def backup():
        return keras.callbacks.BackupAndRestore(tmp_path / "backup")

    whole = _compiled(lrkeras.quantize_aware(_model("keras LSTM")))
    whole.fit(x, x, epochs=5, verbose=0, shuffle=False)
    stopped = _compiled(lrkeras.quantize_aware(_model("keras LSTM")))
    with pytest.raises(KeyboardInterrupt):
        stopped.fit(x, x, epochs=5, verbose=0, shuffle=False, callbacks=[backup(), Stop()])
    resumed = _compiled(lrkeras.quantize_aware(_model("keras LSTM")))
    resumed.fit(x, x, epochs=5, verbose=0, shuffle=False, callbacks=[backup()])
    for expected, found in zip(whole.weights, resumed.weights, strict=True):
        np.testing.assert_allclose(found.numpy(), expected.numpy(), atol=1e-5)


def test_dropout_noise_and_sequential_models_work():
    model = keras.Sequential(
        [
            keras.Input((5, 40)),
            layers.LSTM(WIDTH, return_sequences=True, dropout=0.2, recurrent_dropout=0.2),
            keras.layers.TimeDistributed(keras.layers.Dense(WIDTH)),
            keras.layers.GRU(WIDTH),
        ]
    )
    model.compile("sgd", "mse")
    copy = lrkeras.quantize_aware(model)
    assert copy.compiled and len(copy.rounded) == 5
    x = np.random.default_rng(0).normal(size=(3, 5, 40)).astype("float32")
    copy.fit(x, np.zeros((3, WIDTH)), verbose=0)
    np.testing.assert_allclose(_outputs(copy, x), _outputs(plain_copy(copy), x), atol=1e-6)


def test_inner_models_are_rounded_and_named_by_their_path():
    inner = keras.Sequential(
        [keras.Input((None, WIDTH)), keras.layers.LSTM(WIDTH, name="lstm")], name="encoder"
    )
    inputs = keras.Input((None, WIDTH))
    model = keras.Model(inputs, keras.layers.Dense(WIDTH, name="output")(inner(inputs)))
    copy = lrkeras.quantize_aware(model)
    names = ["encoder/lstm.kernel", "encoder/lstm.recurrent", "output.kernel"]
    assert sorted(copy.rounded) == names
    x = np.random.default_rng(0).normal(size=(3, 5, WIDTH)).astype("float32")
    np.testing.assert_allclose(_outputs(copy, x), _outputs(plain_copy(copy), x), atol=1e-6)


def test_mixed_precision_rounds_the_float32_weights():
    keras.config.set_dtype_policy("mixed_bfloat16")
    try:
        model = _model("ours")
    finally:
        keras.config.set_dtype_policy("float32")
    copy = lrkeras.quantize_aware(model)
    assert _outputs(copy, _tokens()).dtype.name in ("bfloat16", "float32")
    plain = plain_copy(copy)
    close = keras.ops.convert_to_numpy(keras.ops.cast(copy(_tokens()), "float32"))
    wanted = keras.ops.convert_to_numpy(keras.ops.cast(plain(_tokens()), "float32"))
    np.testing.assert_allclose(close, wanted, atol=0.02 * np.abs(wanted).max())
