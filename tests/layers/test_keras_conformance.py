"""Keras's own tests of recurrent layers, run with our layers in their place."""

import importlib.util
import pathlib
import types

import keras
import pytest
from keras.src import layers as keras_layers

from lrkeras import layers

# Keras's helpers warn in passing; its suite does not treat that as an error.
pytestmark = pytest.mark.filterwarnings("default")


def _load(name):
    """One of Keras's test modules, its `layers` replaced."""
    path = pathlib.Path(keras.__file__).parent / "src" / "layers" / "rnn" / f"{name}.py"
    if not path.exists():
        reason = f"keras {keras.__version__} comes without its own tests"
        pytest.skip(reason, allow_module_level=True)
    spec = importlib.util.spec_from_file_location(f"lrkeras_{name}", path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    replaced = types.SimpleNamespace(**{**vars(keras_layers), **_ours()})
    module.layers = replaced
    return module


def _ours():
    names = ("LSTM", "LSTMCell", "GRU", "GRUCell", "SimpleRNN", "SimpleRNNCell")
    return {name: getattr(layers, name) for name in names}


class LSTMTest(_load("lstm_test").LSTMTest):
    pass


class GRUTest(_load("gru_test").GRUTest):
    pass


class SimpleRNNTest(_load("simple_rnn_test").SimpleRNNTest):
    pass


class BidirectionalTest(_load("bidirectional_test").SimpleRNNTest):
    pass
