import keras
import numpy as np
import pytest
from keras import ops

from lrkeras.model_graph.layer_states import reset_states, states_kept

L = keras.layers


def lstm():
    return L.LSTM(3, stateful=True)


WRAPPED = {
    "a layer": lstm,
    "a cell": lambda: L.RNN(L.LSTMCell(3), stateful=True),
    "both ways": lambda: L.Bidirectional(L.GRU(3, stateful=True, return_sequences=True)),
    "an inner model": lambda: keras.Sequential([keras.Input((4, 2), batch_size=5), lstm()]),
}


@pytest.mark.parametrize("build", WRAPPED.values(), ids=WRAPPED)
def test_states_of_stateful_layers_are_kept_and_set_to_zeros(build):
    model = keras.Sequential([keras.Input((4, 2), batch_size=5), build()])
    x = np.random.default_rng(0).normal(size=(5, 4, 2)).astype("float32")

    def outputs():
        return ops.convert_to_numpy(model(x))

    first, second = outputs(), outputs()
    assert np.abs(first - second).max() > 1e-3  # it goes on where it was
    with states_kept(model):
        third = outputs()
    np.testing.assert_allclose(outputs(), third, atol=1e-6)
    reset_states(model)
    np.testing.assert_allclose(outputs(), first, atol=1e-6)
