"""Which units of a model go together, which have to stay, and what is left without some."""

import keras
import numpy as np
import pytest
from keras import ops

from lrkeras import layers, legacy_h5
from lrkeras.layers.cifg_cell import CIFGCell
from lrkeras.model_graph.units.fewer_units import with_fewer_units
from lrkeras.model_graph.units.hidden_units import find_units

L = keras.layers


def numbers(features=5, steps=6):
    return keras.Input((steps, features))


def lstm(units, name, **arguments):
    return L.LSTM(units, return_sequences=True, name=name, **arguments)


def out(x):
    return L.Dense(3, name="out")(x)


def stacked():
    x = numbers()
    h = lstm(7, "two")(L.Dropout(0.2)(lstm(9, "one")(x)))
    return keras.Model(x, out(L.GRU(4, name="three")(h)))


def bidirectional(merge_mode="concat"):
    x = numbers()
    gru = L.GRU(6, return_sequences=True, name="gru")
    h = L.Bidirectional(gru, merge_mode=merge_mode, name="both")(x)
    return keras.Model(x, out(lstm(5, "after")(h)))


def both_apart():
    x = numbers()
    wrapped = L.Bidirectional(
        L.LSTM(6, return_state=True, name="lstm"), merge_mode=None, name="both"
    )
    there, back, *states = wrapped(x)
    h = lstm(6, "decoder")(x, initial_state=[there, states[1]])
    return keras.Model(x, out(L.Concatenate()([h[:, -1], back, states[3]])))


def residual():
    x = numbers()
    one = lstm(8, "one")(x)
    two = lstm(8, "two")(one)
    return keras.Model(x, out(lstm(5, "three")(L.Add()([one, two]))))


def projected():
    x = numbers()
    h = layers.LSTM(9, projection_units=4, return_sequences=True, name="one")(x)
    cell = CIFGCell(8, 5, name="cell")
    return keras.Model(x, out(L.RNN(cell, name="two")(h)))


def tied():
    tokens = keras.Input((6,), dtype="int32")
    table = L.ReversibleEmbedding(11, 6, tie_weights=True, name="words")
    h = lstm(9, "one")(table(tokens))
    return keras.Model(tokens, table(lstm(6, "two")(h), reverse=True))


def half_tied():
    tokens = keras.Input((6,), dtype="int32")
    table = layers.Embedding(11, 6, tie_weights=False, name="words")
    return keras.Model(tokens, table(lstm(6, "one")(table(tokens)), reverse=True))


def encoder_decoder():
    source, target = numbers(), numbers(4)
    _, h, c = L.LSTM(7, return_state=True, name="encoder")(source)
    decoded = lstm(7, "decoder")(target, initial_state=[h, c])
    return keras.Model([source, target], L.TimeDistributed(L.Dense(3, name="out"))(decoded))


def shared():
    left, right = numbers(), numbers()
    encoder = L.LSTM(6, name="encoder")
    both = L.Concatenate()([encoder(left), encoder(right)])
    return keras.Model([left, right], out(L.Dense(8, "relu", name="hidden")(both)))


def shared_on_two():
    """A layer that reads two others: their units go together."""
    x = numbers()
    reader = L.LSTM(4, name="reader")
    one, two = lstm(6, "one")(x), L.GRU(6, return_sequences=True, name="two")(x)
    return keras.Model(x, out(L.Subtract()([reader(one), reader(two)])))


def normalised():
    x = numbers()
    h = L.BatchNormalization(name="norm")(lstm(7, "one")(x))
    return keras.Model(x, out(L.Flatten()(L.Conv1D(5, 2, activation="relu", name="conv")(h))))


def operations():
    x = numbers()
    one, two = lstm(7, "one")(x), lstm(7, "two")(x)
    mixed = ops.relu(one + two) * 2.0
    return keras.Model(x, out(ops.concatenate([mixed[:, -1], ops.mean(one, axis=1)], axis=-1)))


def attention():
    x = numbers()
    h = lstm(7, "one")(x)
    scores = L.Softmax(axis=1)(L.Dense(1, name="score")(h))
    average = L.Reshape((7,))(L.Dot(axes=1)([scores, h]))
    gate = L.Dense(7, "sigmoid", name="gate")(average)
    return keras.Model(x, out(L.Multiply()([gate, average])))


def highway():
    x = numbers()
    h = layers.RHN(8, depth=3, return_sequences=True, name="one")(x)
    return keras.Model(x, out(L.SimpleRNN(6, name="two")(h)))


def nested():
    inside = keras.Sequential([keras.Input((6, 5)), lstm(8, "lstm")], name="encoder")
    x = numbers()
    return keras.Model(x, out(L.LSTM(4, name="lstm")(inside(x))))


# The groups of each model, in the order in which they are met, and how many units each has.
MODELS = {
    stacked: {("one",): 9, ("two",): 7, ("three",): 4},
    bidirectional: {("both/forward_gru",): 6, ("both/backward_gru",): 6, ("after",): 5},
    both_apart: {("both/forward_lstm", "decoder"): 6, ("both/backward_lstm",): 6},
    residual: {("one", "two"): 8, ("three",): 5},
    projected: {
        ("one",): 9,
        ("one.projection",): 4,
        ("two/cell",): 8,
        ("two/cell.projection",): 5,
    },
    tied: {("words", "two"): 6, ("one",): 9},
    half_tied: {("words", "one"): 6},
    encoder_decoder: {("encoder", "decoder"): 7},
    shared: {("encoder",): 6, ("hidden",): 8},
    shared_on_two: {("one", "two"): 6, ("reader",): 4},
    normalised: {("one",): 7, ("conv",): 5},
    operations: {("one", "two"): 7},
    attention: {("one", "gate"): 7},
    highway: {("one",): 8, ("two",): 6},
    nested: {("encoder/lstm",): 8, ("lstm",): 4},
}
both = pytest.mark.parametrize("make", MODELS, ids=lambda make: make.__name__)


def randomised(model, seed=0):
    rng = np.random.default_rng(seed)
    for weight in model.weights:
        value = rng.normal(size=weight.shape) / np.sqrt(weight.shape[0])
        weight.assign(1 + value**2 if "variance" in weight.name else value)
    return model


def examples(model, count=4):
    rng = np.random.default_rng(1)
    return [
        rng.integers(0, 11, (count, *t.shape[1:]))
        if t.dtype == "int32"
        else rng.normal(size=(count, *t.shape[1:])).astype("float32")
        for t in model.inputs
    ]


def outputs(model):
    found = model(examples(model) if len(model.inputs) > 1 else examples(model)[0])
    return ops.convert_to_numpy(found)


@both
def test_groups(make):
    found = find_units(make())
    assert {frozenset(n): s for n, s in zip(found.names, found.sizes, strict=True)} == {
        frozenset(n): s for n, s in MODELS[make].items()
    }
    assert not {n for names in found.names for n in names} & set(found.pinned)


@both
def test_a_model_without_units_that_nothing_reads_is_the_same(make):
    model = randomised(make())
    found = find_units(model)
    rng = np.random.default_rng(2)
    kept = [np.sort(rng.choice(size, size // 2, replace=False)) for size in found.sizes]
    before = outputs(model)
    for weight in found.weights:
        value = ops.convert_to_numpy(weight.weight).copy()
        for axis in weight.reads:
            for group in weight.groups(axis):
                gone = np.setdiff1d(np.arange(found.sizes[group]), kept[group])
                np.moveaxis(value, axis, 0)[weight.places(axis, group)[gone].ravel()] = 0
        weight.weight.assign(value)
    after = outputs(model)
    assert np.abs(after - before).max() > 1e-2, "the units mattered"
    small = with_fewer_units(model, found, kept)
    np.testing.assert_allclose(outputs(small), after, atol=2e-6)
    assert small.count_params() == found.params([len(k) for k in kept])
    assert [type(layer) for layer in small.layers] == [type(layer) for layer in model.layers]
    np.testing.assert_array_equal(outputs(model), after)


@both
def test_counts_of_a_single_group(make):
    """The formula against what Keras counts in a model with one unit less."""
    model = make()
    found = find_units(model)
    assert sorted(g for family in found.families for g in family) == list(range(len(found.sizes)))
    for family in found.families:
        kept = [np.arange(size)[g in family :] for g, size in enumerate(found.sizes)]
        small = with_fewer_units(model, found, kept)
        assert small.count_params() == found.params([len(k) for k in kept])
        assert small.count_params() < model.count_params()


def stays(layer, after=None):
    """A model in which `one` goes through a layer."""
    x = numbers()
    h = lstm(6, "one")(x)
    return keras.Model(x, out((after or (lambda y: y))(layer(h))))


def test_units_of_layers_from_keras_2_may_go():
    old = L.LSTM(6, recurrent_activation=legacy_h5.hard_sigmoid, name="one")
    found = find_units(keras.Sequential([keras.Input((4, 3)), old, L.Dense(2)]))
    assert ("one",) in found.names


def added_to_input():
    x = numbers(6)
    return keras.Model(x, out(L.Add()([x, lstm(6, "one")(x)])))


@pytest.mark.parametrize(
    ("model", "reason"),
    [
        (lambda: stays(L.LayerNormalization(name="ln")), "`ln` .* statistics over all units"),
        (lambda: stays(L.Softmax()), "what Softmax does"),
        (lambda: stays(L.Activation("softmax")), "may mix units"),
        (lambda: stays(L.Reshape((12, 3))), "last axis of its output is another"),
        (lambda: stays(lambda h: h[..., ::2]), "takes some of the units"),
        (lambda: stays(lambda h: h[:, :, ::-1]), "takes some of the units"),
        (lambda: stays(lambda h: h + np.ones(6, "float32")), "constant of a fixed size"),
        (lambda: stays(lambda h: ops.sum(h, axis=-1, keepdims=True)), "operation Sum"),
        (lambda: stays(L.Dropout(0.1, noise_shape=(None, 1, 6))), "shape of its noise"),
        (lambda: stays(lambda h: L.Attention()([h, h])), "what Attention does"),
        (lambda: stays(lambda h: L.Dot(axes=(2, 2))([h, h])), "units with one another"),
        (lambda: stays(layers.Dense(4, kernel_structure="low_rank", name="d")), "`d` reads it"),
        (lambda: stays(layers.LSTM(4, recurrent_structure="monarch")), "is a structure"),
        (lambda: stays(L.RNN(L.StackedRNNCells([L.LSTMCell(4)]))), "what RNN does"),
        (added_to_input, "an input of the model"),
    ],
)
def test_reasons_to_stay(model, reason):
    found = find_units(model())
    assert ("one",) not in found.names
    with pytest.raises(AssertionError, match=reason):
        raise AssertionError(found.pinned["one"])


def test_outputs_stay_and_say_so():
    x = numbers()
    h, state, _ = L.LSTM(6, return_sequences=True, return_state=True, name="one")(x)
    model = keras.Model(x, [L.Dense(3, "softmax", name="two")(h), state])
    assert find_units(model).pinned == {
        "one": "it is an output of the model",
        "two": "it is an output of the model",
    }


def test_units_inside_what_cannot_be_followed_are_named():
    x = keras.Input((3, 6, 5))
    h = L.TimeDistributed(L.LSTM(6, name="inner"), name="each")(x)
    found = find_units(keras.Model(x, out(h)))
    assert found.names == ()
    assert "cannot be followed" in found.pinned["each/inner"]


def test_what_goes_into_an_inner_model_stays():
    inside = keras.Sequential([keras.Input((6, 4)), L.LSTM(3, name="inner")], name="head")
    x = numbers()
    found = find_units(keras.Model(x, out(inside(lstm(4, "one")(x)))))
    assert found.names == (("head/inner",),)
    assert "goes into the model `head`" in found.pinned["one"]


@pytest.mark.parametrize("merge_mode", ["sum", "mul", "ave"])
def test_directions_that_are_added_go_together(merge_mode):
    found = find_units(bidirectional(merge_mode))
    one, other = found.names[0]
    assert one.startswith("both/forward")
    assert other.startswith("both/backward")


def test_directions_have_as_many_units_and_each_its_own():
    found = find_units(bidirectional())
    assert found.families == ((0, 1), (2,))
    pinned = found.without({1: "because"})
    assert pinned.names == (("after",),)
    assert pinned.pinned["both/forward_gru"] == "because"


def test_a_direction_stays_where_the_other_has_to():
    x = numbers()
    there, back = L.Bidirectional(L.LSTM(6, name="lstm"), merge_mode=None, name="both")(x)
    found = find_units(keras.Model(x, [out(there), back]))
    assert found.names == ()
    assert found.pinned["both/backward_lstm"] == "it is an output of the model"
    assert "an output" in found.pinned["both/forward_lstm"]


def test_frozen_layers_stay_frozen_and_precision_is_kept():
    model = stacked()
    model.get_layer("two").trainable = False
    found = find_units(model)
    small = with_fewer_units(model, found, [np.arange(2) for _ in found.sizes])
    assert not small.get_layer("two").trainable
    assert not small.compiled


class Subclassed(keras.Model):
    def call(self, x):
        return x


@pytest.mark.parametrize(
    "model", [Subclassed(), keras.Sequential([L.Dense(2)]), "model"], ids=["class", "new", "str"]
)
def test_what_has_no_graph_is_refused(model):
    with pytest.raises(ValueError, match="Expected a built Sequential or Functional model"):
        find_units(model)
