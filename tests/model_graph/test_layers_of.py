"""Which layers a walk through a model finds, and under which names."""

import keras
import pytest

from lrkeras import layers
from lrkeras.model_graph.input_kinds import fixed_length
from lrkeras.model_graph.layers_of import (
    all_layers,
    has_graph,
    inner_layers,
    inner_models,
    single_layers,
)

L = keras.layers


@pytest.fixture
def nest():
    """Two inner models, one in a wrapper, wrappers in wrappers, and a layer that is used twice."""
    shared = L.Dense(4, name="shared")
    cells = [L.GRUCell(4, name="low"), layers.LSTMCell(4, name="high")]
    encoder = keras.Sequential(
        [
            keras.Input((5, 4)),
            L.Bidirectional(L.LSTM(2, return_sequences=True, name="lstm"), name="both"),
            shared,
        ],
        name="encoder",
    )
    head = keras.Sequential([keras.Input((4,)), L.Dense(3, name="out")], name="head")
    stack = L.RNN(L.StackedRNNCells(cells, name="stack"), return_sequences=True, name="rnn")
    return keras.Sequential(
        [
            keras.Input((5, 4)),
            encoder,
            stack,
            L.TimeDistributed(shared, name="each"),
            L.TimeDistributed(head, name="heads"),
        ],
        name="nest",
    )


def names(found):
    return [layer.name for layer in found]


def test_layers_of_inner_models_come_in_their_place(nest):
    assert names(all_layers(nest, unwrapped=False)) == ["both", "shared", "rnn", "each", "heads"]
    assert names(all_layers(nest)) == [
        "forward_lstm",
        "backward_lstm",
        "shared",
        "rnn",
        "each",
        "heads",
    ]


def test_single_layers_are_found_once_with_their_paths_and_callers(nest):
    found = single_layers(nest)
    assert [place.path for place in found] == [
        "encoder/both/forward_lstm",
        "encoder/both/backward_lstm",
        "encoder/shared",
        "rnn/stack/low",
        "rnn/stack/high",
        "heads/head/out",
    ]
    callers = ["forward_lstm", "backward_lstm", "shared", "rnn", "rnn", "heads"]
    assert names(caller for _, _, caller in found) == callers


def test_a_layer_alone_is_its_only_one():
    layer = L.Dense(2)
    assert single_layers(layer) == [("", layer, layer)]


def test_models_in_wrappers_are_found_too(nest):
    assert names(inner_models(nest)) == ["nest", "encoder", "head"]


def test_an_empty_model_has_no_layers():
    assert single_layers(keras.Sequential()) == all_layers(keras.Sequential()) == []


def test_wrappers_say_which_attribute_holds_what(nest):
    cells = nest.get_layer("rnn").cell
    assert inner_layers(cells) == {"cells[0]": cells.cells[0], "cells[1]": cells.cells[1]}
    assert inner_layers(nest.get_layer("rnn")) == {"cell": cells}
    assert list(inner_layers(L.Bidirectional(L.GRU(2)))) == ["forward_layer", "backward_layer"]
    assert inner_layers(layers.LSTM(2)) == inner_layers(L.LSTM(2)) == inner_layers(L.Dense(2)) == {}


def test_models_without_inputs_have_no_graph(nest):
    class Subclassed(keras.Model):
        def call(self, x):
            return x

    assert has_graph(nest)
    assert not has_graph(keras.Sequential([L.Dense(2)]))
    assert not has_graph(Subclassed())


def test_the_length_is_that_of_the_first_input_with_one(nest):
    assert fixed_length(nest) == 5
    inputs = [keras.Input((None, 2)), keras.Input((7, 2))]
    assert fixed_length(keras.Model(inputs, [L.Dense(1)(x) for x in inputs])) == 7
    assert fixed_length(keras.Sequential([keras.Input((None, 2)), L.LSTM(2)])) is None


def test_a_number_beside_a_sequence_is_no_length_of_it():
    x, steps = keras.Input((None, 2)), keras.Input((1,), dtype="int32")
    y = L.LSTM(2)(x) * keras.ops.cast(steps, "float32")
    assert fixed_length(keras.Model([x, steps], y)) is None
    assert fixed_length(keras.Model(steps, steps + 1)) == 1
