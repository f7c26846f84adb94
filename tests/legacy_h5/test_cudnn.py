"""Files with CuDNN layers, written by hand, against the equations of cuDNN in NumPy float64."""

import keras
import numpy as np
import pytest
from legacy_files import CuDNN, cudnn_config, write

from lrkeras import layers, load_legacy_h5

INPUTS, UNITS = 5, 3
KINDS = {"CuDNNLSTM": (4, keras.layers.LSTM), "CuDNNGRU": (3, keras.layers.GRU)}


@pytest.fixture
def x():
    return np.random.default_rng(7).normal(size=(2, 6, INPUTS)).astype("float32")


def assert_equals(outputs, expected):
    np.testing.assert_allclose(np.asarray(outputs), np.stack(expected), rtol=0, atol=2e-6)


@pytest.mark.parametrize("kind", KINDS)
def test_stacked_layers_of_a_whole_file(kind, x, tmp_path):
    gates, plain = KINDS[kind]
    first, second = CuDNN(gates, INPUTS, UNITS, 0), CuDNN(gates, UNITS, 4, 1)
    # Before Keras 2.2.3 the configuration of a Sequential was the list of its layers.
    config = {
        "class_name": "Sequential",
        "config": [
            cudnn_config(kind, "rnn_1", UNITS, INPUTS),
            cudnn_config(kind, "rnn_2", 4),
        ],
    }
    saved = {"rnn_1": first.saved(), "rnn_2": second.saved()}
    model = load_legacy_h5(write(tmp_path / "m.h5", saved, config))
    assert [type(layer) for layer in model.layers] == [plain, plain]
    assert model.layers[0].kernel_regularizer.l2 == pytest.approx(1e-6)
    assert_equals(model(x), [second(first(sequence)) for sequence in x])


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("square", [False, True])
def test_weights_only(kind, square, x, tmp_path):
    gates, plain = KINDS[kind]
    units = INPUTS if square else UNITS  # a square kernel fits its transpose: only values tell
    reference = CuDNN(gates, INPUTS, units, 2)
    path = write(tmp_path / "w.hdf5", {"input": [], "rnn": reference.saved()})
    inputs = keras.Input((None, INPUTS))
    model = keras.Model(inputs, plain(units, return_sequences=True, name="rnn")(inputs))
    assert load_legacy_h5(path, model) is model
    assert_equals(model(x), [reference(sequence) for sequence in x])


@pytest.mark.parametrize("kind", KINDS)
def test_bidirectional(kind, x, tmp_path):
    gates, _ = KINDS[kind]
    forward, backward = CuDNN(gates, INPUTS, UNITS, 3), CuDNN(gates, INPUTS, UNITS, 4)
    config = {"layer": cudnn_config(kind, "rnn", UNITS), "name": "both", "merge_mode": "concat"}
    config |= {"trainable": True, "batch_input_shape": [None, None, INPUTS], "dtype": "float32"}
    entry = {"class_name": "Bidirectional", "config": config}
    weights = [(f"forward_rnn/{name}", array) for name, array in forward.saved()]
    weights += [(f"backward_rnn/{name}", array) for name, array in backward.saved()]
    config = {"class_name": "Sequential", "config": {"name": "outer", "layers": [entry]}}
    model = load_legacy_h5(write(tmp_path / "m.h5", {"both": weights}, config))
    expected = [np.hstack([forward(s), backward(s[::-1])[::-1]]) for s in x]
    assert_equals(model(x), expected)


def test_inside_a_model_inside_a_functional_model(x, tmp_path):
    reference = CuDNN(4, INPUTS, UNITS, 5)
    kernel = np.random.default_rng(6).normal(size=(UNITS, 2)).astype("float32")
    dense = {"class_name": "Dense", "config": {"name": "d", "units": 2, "activation": "linear"}}
    inner = [cudnn_config("CuDNNLSTM", "rnn", UNITS, INPUTS), dense]
    feed = {"name": "x", "batch_input_shape": [None, None, INPUTS], "dtype": "float32"}
    entries = [
        {"class_name": "InputLayer", "config": feed, "name": "x", "inbound_nodes": []},
        {
            "class_name": "Sequential",
            "config": inner,
            "name": "inner",
            "inbound_nodes": [[["x", 0, 0, {}]]],
        },
    ]
    config = {"name": "outer", "layers": entries}
    # Keras 2 counts the call that built the inner model too.
    config |= {"input_layers": [["x", 0, 0]], "output_layers": [["inner", 1, 0]]}
    weights = [*reference.saved(), ("d/kernel", kernel), ("d/bias", np.ones(2))]
    path = write(
        tmp_path / "m.h5", {"x": [], "inner": weights}, {"class_name": "Model", "config": config}
    )
    model = load_legacy_h5(path)
    assert_equals(model(x), [reference(sequence) @ kernel + 1 for sequence in x])


def test_a_sequential_without_a_name_inside_another(x, tmp_path):
    """Before Keras 2.2.3 only the list of weights told the name of the inner model."""
    first, second = CuDNN(3, INPUTS, UNITS, 5), CuDNN(4, UNITS, 2, 6)
    inner = [cudnn_config("CuDNNGRU", "rnn", UNITS, INPUTS)]
    layers = [{"class_name": "Sequential", "config": inner}, cudnn_config("CuDNNLSTM", "top", 2)]
    config = {"class_name": "Sequential", "config": layers}
    saved = {"sequential_7": first.saved(), "top": second.saved()}
    model = load_legacy_h5(write(tmp_path / "m.h5", saved, config))
    assert [layer.name for layer in model.layers] == ["sequential_7", "top"]
    assert_equals(model(x), [second(first(sequence)) for sequence in x])


@pytest.mark.parametrize("kind", KINDS)
def test_into_the_layers_of_this_package(kind, x, tmp_path):
    gates, plain = KINDS[kind]
    reference = CuDNN(gates, INPUTS, UNITS, 8)
    path = write(tmp_path / "w.h5", {"rnn": reference.saved()})
    ours = getattr(layers, plain.__name__)(UNITS, return_sequences=True, name="rnn")
    model = load_legacy_h5(path, keras.Sequential([keras.Input((None, INPUTS)), ours]))
    assert_equals(model(x), [reference(sequence) for sequence in x])


def test_reset_after_is_asked_for(tmp_path):
    path = write(tmp_path / "w.h5", {"rnn": CuDNN(3, INPUTS, UNITS, 0).saved()})
    gru = keras.layers.GRU(UNITS, reset_after=False, name="rnn")
    with pytest.raises(ValueError, match=r"'rnn'.*reset_after=True"):
        load_legacy_h5(path, keras.Sequential([keras.Input((None, INPUTS)), gru]))


def test_a_kernel_of_another_width_is_named(tmp_path):
    path = write(tmp_path / "w.h5", {"rnn": CuDNN(4, INPUTS + 1, UNITS, 0).saved()})
    lstm = keras.layers.LSTM(UNITS, name="rnn")
    with pytest.raises(ValueError, match=r"kernel.*'rnn'.*\(5, 12\).*\(6, 12\)"):
        load_legacy_h5(path, keras.Sequential([keras.Input((None, INPUTS)), lstm]))


@pytest.mark.parametrize("kind", KINDS)
def test_tf_keras_converts_to_the_same_numbers(kind, x, tmp_path):
    """`preprocess_weights_for_loading` of tf_keras is the original of this conversion."""
    hdf5_format = pytest.importorskip("tf_keras.src.saving.legacy.hdf5_format")
    import tf_keras

    gates, plain = KINDS[kind]
    saved = [array for _, array in CuDNN(gates, INPUTS, UNITS, 9).saved()]
    peer = getattr(tf_keras.layers, plain.__name__)(UNITS)
    peer.build((None, None, INPUTS))
    expected = hdf5_format.preprocess_weights_for_loading(peer, saved, "2.1.5", "tensorflow")
    path = write(tmp_path / "w.h5", {"rnn": CuDNN(gates, INPUTS, UNITS, 9).saved()})
    model = keras.Sequential([keras.Input((None, INPUTS)), plain(UNITS, name="rnn")])
    load_legacy_h5(path, model)
    for ours, theirs in zip(model.get_weights(), expected, strict=True):
        np.testing.assert_array_equal(ours, theirs)
