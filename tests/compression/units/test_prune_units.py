"""Fewer units in one shot."""

import io
import json

import keras
import numpy as np
import pytest
import rich.console
from keras import ops

import lrkeras
from lrkeras.compression.units.importance import output_changes
from lrkeras.model_graph.units.hidden_units import find_units

pytestmark = pytest.mark.sampled

L = keras.layers


@pytest.fixture
def two_lstms():
    """LSTM of 9 and 7 units and an output of 3; weights that matter, a bias too."""
    model = keras.Sequential(
        [
            keras.Input((6, 4)),
            L.LSTM(9, return_sequences=True, name="one"),
            L.Dropout(0.3),
            L.LSTM(7, return_sequences=True, name="two"),
            L.Dense(3, name="out"),
        ],
        name="pair",
    )
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    model.compile(keras.optimizers.SGD(0.125), "mse")
    return model


@pytest.fixture
def inputs():
    return np.random.default_rng(1).normal(size=(10, 6, 4)).astype("float32")


def lstm_by_hand(x, kernel, recurrent, bias, gone):
    """An LSTM in float64 in which the units `gone` put out nothing."""
    units = recurrent.shape[0]
    h, c, found = np.zeros((len(x), units)), np.zeros((len(x), units)), []
    for step in range(x.shape[1]):
        z = x[:, step] @ kernel + h @ recurrent + bias
        i, f, candidate, o = np.split(z, 4, axis=-1)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(candidate)
        h = o * np.tanh(c)
        h[:, gone] = 0
        found.append(h)
    return np.stack(found, axis=1)


def two_by_hand(model, x, gone):
    w = [np.asarray(ops.convert_to_numpy(w), np.float64) for w in model.weights]
    h = lstm_by_hand(x.astype(np.float64), *w[:3], gone[0])
    return lstm_by_hand(h, *w[3:6], gone[1]) @ w[6] + w[7]


def gone_units(model, small):
    """Which units of both layers are not there any more, by their biases."""
    found = []
    for name in ("one", "two"):
        bias, left = (ops.convert_to_numpy(m.get_layer(name).cell.bias) for m in (model, small))
        first = bias.reshape(4, -1)[0]
        found.append(np.flatnonzero(~np.isin(first, left.reshape(4, -1)[0])))
    return found


@pytest.mark.parametrize("calibrated", [False, True])
def test_a_unit_less_is_a_unit_that_puts_out_nothing(two_lstms, inputs, calibrated):
    calibration = inputs if calibrated else None
    small, report = lrkeras.prune_units(two_lstms, 2, calibration=calibration)
    gone = gone_units(two_lstms, small)
    assert [len(g) for g in gone] == [r.before - r.after for r in report.units]
    assert all(len(g) for g in gone)
    np.testing.assert_allclose(
        ops.convert_to_numpy(small(inputs)), two_by_hand(two_lstms, inputs, gone), atol=2e-6
    )
    # and it makes a difference
    whole = two_by_hand(two_lstms, inputs, [[], []])
    assert np.abs(ops.convert_to_numpy(two_lstms(inputs)) - whole).max() < 2e-6
    assert np.abs(ops.convert_to_numpy(small(inputs)) - whole).max() > 0.01


def test_every_kind_of_layer(every_kind, tokens):
    small, report = lrkeras.prune_units(every_kind, 3, calibration=tokens)
    assert report.ratio >= 3
    assert report.params == small.count_params()
    assert [type(layer) for layer in small.layers] == [type(layer) for layer in every_kind.layers]
    assert report.skipped.keys() == {"einsum", "out"}
    again = keras.models.clone_model(small)
    again.set_weights(small.get_weights())
    np.testing.assert_array_equal(*(ops.convert_to_numpy(m(tokens)) for m in (small, again)))


def test_importance_is_how_far_the_outputs_move(two_lstms, inputs):
    """Against each unit taken out, in float64; small weights, where first order is exact."""
    for weight in two_lstms.weights:
        weight.assign(weight * 0.3)
    found = find_units(two_lstms)
    estimated = output_changes(two_lstms, [[inputs]])
    whole = two_by_hand(two_lstms, inputs, [[], []])
    for group, size in enumerate(found.sizes):
        exact = []
        for unit in range(size):
            gone = [[unit] if g == group else [] for g in range(2)]
            exact.append(np.square(two_by_hand(two_lstms, inputs, gone) - whole).sum())
        # 64 random directions: a relative standard deviation of 0.18 for each
        ratio = estimated[group] / exact
        assert 0.8 < ratio.mean() < 1.25
        assert ((ratio > 0.4) & (ratio < 2.2)).all()
        assert np.corrcoef(np.log(estimated[group]), np.log(exact))[0, 1] > 0.9


def test_calibration_finds_units_that_do_not_matter_whatever_their_norm(two_lstms, inputs):
    dense = two_lstms.get_layer("out")
    kernel = ops.convert_to_numpy(dense.kernel).copy()
    second = two_lstms.get_layer("two").cell
    recurrent = ops.convert_to_numpy(second.recurrent_kernel).copy()
    incoming = ops.convert_to_numpy(second.kernel).copy()
    kernel[[1, 5]], recurrent[[1, 5]] = 0, 0  # nothing reads them, large as they are
    incoming.reshape(9, 4, 7)[:, :, [1, 5]] *= 9
    for weight, value in ((dense.kernel, kernel), (second.kernel, incoming)):
        weight.assign(value)
    second.recurrent_kernel.assign(recurrent)
    before = ops.convert_to_numpy(two_lstms(inputs))
    small, report = lrkeras.prune_units(two_lstms, units={"two": 5}, calibration=inputs)
    np.testing.assert_allclose(ops.convert_to_numpy(small(inputs)), before, atol=2e-6)
    assert next(r for r in report.units if "two" in r.layers).importance_kept == 1
    by_norm, _ = lrkeras.prune_units(two_lstms, units={"two": 5})
    assert np.abs(ops.convert_to_numpy(by_norm(inputs)) - before).max() > 0.01


def test_dropout_regularisers_and_frozen_layers_do_not_disturb_the_measurement(inputs):
    def importance(rate, regularizer, trainable):
        model = keras.Sequential(
            [
                keras.Input((6, 4)),
                L.LSTM(5, kernel_regularizer=regularizer, dropout=rate, seed=1, name="one"),
                L.Dropout(rate, seed=1),
                L.Dense(2),
            ]
        )
        for i, weight in enumerate(model.weights):
            rng = np.random.default_rng(i)
            weight.assign(rng.normal(size=weight.shape))
        model.get_layer("one").trainable = trainable
        return output_changes(model, [[inputs]])

    plain = importance(0.0, None, True)
    for other in (importance(0.5, "l2", True), importance(0.0, None, False)):
        np.testing.assert_allclose(other, plain, rtol=1e-5)


def test_the_model_is_not_changed_and_the_result_is_the_same_each_time(two_lstms, inputs):
    before = [ops.convert_to_numpy(w).copy() for w in two_lstms.weights]
    first, _ = lrkeras.prune_units(two_lstms, 2, calibration=inputs)
    second, _ = lrkeras.prune_units(two_lstms, 2, calibration=iter([inputs[:6], inputs[6:]]))
    third, _ = lrkeras.prune_units(two_lstms, 2, calibration=inputs)
    for weight, value in zip(two_lstms.weights, before, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(weight), value)
    for one, other in zip(first.weights, third.weights, strict=True):
        np.testing.assert_array_equal(ops.convert_to_numpy(one), ops.convert_to_numpy(other))
    assert second.count_params() * 2 <= two_lstms.count_params()


def test_it_is_compiled_like_the_model_and_trains(two_lstms, inputs):
    small, _ = lrkeras.prune_units(two_lstms, 2)
    assert float(small.optimizer.learning_rate) == 0.125
    targets = np.zeros((10, 6, 3), "float32")
    losses = small.fit(inputs, targets, epochs=3, verbose=0).history["loss"]
    assert losses[-1] < losses[0]


def test_compression_is_of_the_whole_model_and_spends_what_it_may(stack):
    total = stack.count_params()
    for compression in (1.2, 2, 5, 20):
        small, report = lrkeras.prune_units(stack, compression)
        assert small.count_params() * compression <= total
        assert report.params == small.count_params()
        assert report.dense_params == total
        # One unit more of any layer would not fit: the last one that went was needed.
        found = find_units(stack)
        sizes = [row.after for row in report.units]
        one_more = [
            found.params([s + (i == k) for i, s in enumerate(sizes)]) for k in range(len(sizes))
        ]
        assert max(one_more) * compression > total


def test_layers_lose_alike_where_no_unit_stands_out():
    """All weights of the same size: every layer keeps about the same share of its units."""
    model = keras.Sequential(
        [keras.Input((5, 30)), L.LSTM(60, return_sequences=True), L.LSTM(20), L.Dense(4)]
    )
    for weight in model.weights:
        weight.assign(np.ones(weight.shape))
    _, report = lrkeras.prune_units(model, 3)
    shares = [row.after / row.before for row in report.units]
    assert max(shares) < 1.6 * min(shares)


def test_report(two_lstms, inputs):
    small, report = lrkeras.prune_units(two_lstms, units={"one": 4}, calibration=inputs)
    assert [(r.layers, r.before, r.after) for r in report.units] == [
        (("one",), 9, 4),
        (("two",), 7, 7),
    ]
    assert 0 < report.units[0].importance_kept < 1 == report.units[1].importance_kept
    # 4 (4 + 9 + 1) 9, 4 (9 + 7 + 1) 7 and, with 4 units, 4 (4 + 4 + 1) 4 and 4 (4 + 7 + 1) 7
    assert [(r.name, r.before, r.after) for r in report.layers] == [
        ("one", 504, 144),
        ("two", 476, 336),
    ]
    assert (report.dense_params, report.params) == (504 + 476 + 24, 144 + 336 + 24)
    assert report.bytes == 4 * small.count_params()
    assert report.skipped == {"out": "it is an output of the model"}
    read = json.loads(report.to_json())
    assert read["units"][0] == {
        "layers": ["one"],
        "before": 9,
        "after": 4,
        "importance_kept": report.units[0].importance_kept,
    }
    assert read["ratio"] == pytest.approx(1004 / 504)
    console = rich.console.Console(file=io.StringIO(), width=100)
    console.print(report.render())
    shown = console.file.getvalue()
    for part in ("1,004 -> 504", "it is an output of the model", "how far the outputs move", "476"):
        assert part in shown


def test_both_directions_keep_as_many(every_kind):
    small, _ = lrkeras.prune_units(every_kind, units={"both": 5, "rnn": 3, "each": 7})
    both = small.get_layer("both")
    assert both.forward_layer.units == both.backward_layer.units == 5
    assert small.get_layer("rnn").cell.units == 3
    assert small.get_layer("each").layer.units == 7
    assert small.get_layer("lstm").units == 32


def test_include_and_exclude(stack):
    small, report = lrkeras.prune_units(stack, 1.3, include="lstm*", exclude=["lstm_2"])
    assert small.get_layer("lstm_1").units < 32
    assert small.get_layer("lstm_2").units == 24
    assert report.skipped["lstm_2"] == "it is among `exclude`"


def test_multiple_inputs_by_name(inputs):
    one, two = keras.Input((6, 4), name="left"), keras.Input((6, 4), name="right")
    joined = L.Concatenate()([L.GRU(5, name="a")(one), L.GRU(6, name="b")(two)])
    model = keras.Model({"left": one, "right": two}, L.Dense(2)(joined))
    by_name = {"right": inputs * 0, "left": inputs}
    _, report = lrkeras.prune_units(model, units={"b": 2}, calibration=by_name)
    assert report.units[1].after == 2
    with pytest.raises(
        ValueError, match=r"needs the inputs \['left', 'right'\].*Received \['left'\]"
    ):
        lrkeras.prune_units(model, units={"b": 2}, calibration={"left": inputs})


def nested_names():
    inside = keras.Sequential([keras.Input((6, 4)), L.LSTM(5, name="lstm")], name="encoder")
    x = keras.Input((6, 4))
    joined = L.Concatenate()([inside(x), keras.Sequential([L.LSTM(4, name="lstm")])(x)])
    return keras.Model(x, L.Dense(2, name="out")(joined))


def test_layers_that_share_a_name_are_refused_with_advice():
    model = nested_names()
    with pytest.raises(ValueError, match=r"2 layers are called 'lstm': encoder/lstm, .*/lstm\. N"):
        lrkeras.prune_units(model, units={"lstm": 2})
    small, _ = lrkeras.prune_units(model, units={"encoder/lstm": 2})
    assert small.get_layer("encoder").get_layer("lstm").units == 2
    small, report = lrkeras.prune_units(model, units={"*lstm": 3})
    assert [row.after for row in report.units] == [3, 3]


@pytest.mark.parametrize("calibrated", [False, True])
@pytest.mark.parametrize("norm", [L.LayerNormalization, L.RMSNormalization])
def test_a_norm_takes_its_statistics_over_the_units_that_stay(inputs, norm, calibrated):
    lstm, norm, out = L.LSTM(9, return_sequences=True, name="one"), norm(name="ln"), L.Dense(3)
    model = keras.Sequential([keras.Input((6, 4)), lstm, norm, out])
    rng = np.random.default_rng(0)
    for weight in model.weights:
        weight.assign(rng.normal(size=weight.shape) * 0.7)
    with pytest.raises(ValueError, match=r"statistics over all.* Pass through_normalization=True"):
        lrkeras.prune_units(model, units={"one": 5})
    small, report = lrkeras.prune_units(
        model,
        units={"one": 5},
        calibration=inputs if calibrated else None,
        through_normalization=True,
    )
    kernel, *_ = small.get_weights()
    whole, recurrent, bias = (np.asarray(w, np.float64) for w in lstm.get_weights())
    kept = [k for k in range(9) if np.isin(whole[:, k].astype("float32"), kernel[:, :5]).all()]
    assert len(kept) == 5 and report.units[0].after == 5
    gone = np.setdiff1d(np.arange(9), kept)
    h = lstm_by_hand(inputs.astype(np.float64), whole, recurrent, bias, gone)[..., kept]
    scale, *shift = (w[kept] for w in norm.get_weights())
    if shift:
        h = h - h.mean(-1, keepdims=True)
    h = h / np.sqrt(np.square(h).mean(-1, keepdims=True) + norm.epsilon) * scale
    matrix, offset = out.get_weights()
    expected = (h + shift[0] if shift else h) @ matrix[kept] + offset
    np.testing.assert_allclose(small.predict(inputs, verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "exactly one of `compression` and `units`"),
        ({"compression": 2, "units": {"one": 3}}, "exactly one of `compression` and `units`"),
        ({"compression": 1}, "above 1.*received 1"),
        ({"compression": True}, "above 1"),
        ({"compression": "2"}, "above 1.*received '2'"),
        ({"compression": float("inf")}, "above 1"),
        ({"compression": 1000}, r"smaller than [\d,]+ of 1,004 numbers"),
        ({"units": {}}, "numbers by name"),
        ({"units": ["one"]}, "numbers by name"),
        ({"units": {"one": 0}}, "from 1 to 9 for the units of `one`, received 0"),
        ({"units": {"one": 10}}, "from 1 to 9.*received 10"),
        ({"units": {"one": 4.5}}, "from 1 to 9.*received 4.5"),
        ({"units": {"one": True}}, "from 1 to 9.*received True"),
        ({"units": {"o": 2}}, "no layer with units is called 'o'.*one, two, out"),
        ({"units": {"ones": 2}}, "Did you mean 'one'"),
        ({"units": {"out": 2}}, "have to stay. `out`: it is an output of the model"),
        ({"units": {"one": 9}}, "would go: it has {'one': 9} already"),
        ({"units": {"one": 3, "on*": 4}}, "received 3 and 4"),
        ({"units": {3: 3}}, "expects names of layers"),
        ({"compression": 2, "include": "three"}, "`include`: no layer .* 'three'"),
        ({"compression": 2, "exclude": ["*"]}, "No unit of `pair` can go. .*one: it is among"),
    ],
    ids=str,
)
def test_bad_arguments(two_lstms, arguments, message):
    before = two_lstms.get_weights()
    with pytest.raises(ValueError, match=message):
        lrkeras.prune_units(two_lstms, **arguments)
    for one, other in zip(before, two_lstms.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize(
    ("calibration", "message"),
    [
        (np.zeros((5, 6, 3)), r"expected inputs of shape \(None, 6, 4\), received \(5, 6, 3\)"),
        (np.zeros((5, 4)), "does not fit `pair`"),
        ([np.zeros((5, 6, 4))] * 2, "does not fit `pair`"),
        (np.full((5, 6, 4), np.nan), "NaN or infinite"),
        (np.zeros((0, 6, 4)), "no inputs"),
        (iter([]), "no inputs"),
        (3, "arrays of inputs or an iterable of batches"),
    ],
    ids=["width", "rank", "count", "nan", "none", "no batches", "int"],
)
def test_calibration_that_does_not_fit(two_lstms, calibration, message):
    with pytest.raises(ValueError, match=message):
        lrkeras.prune_units(two_lstms, 2, calibration=calibration)


def test_a_model_of_integers_has_no_measured_importance(inputs):
    x = keras.Input((6, 4))
    model = keras.Model(x, ops.argmax(L.Dense(3)(L.LSTM(4, name="one")(x)), axis=-1))
    with pytest.raises(ValueError, match="outputs in floating point"):
        lrkeras.prune_units(model, 1.2, calibration=inputs)


def test_weights_that_are_not_finite_are_refused(two_lstms):
    two_lstms.get_layer("two").cell.bias.assign(np.full(28, np.nan))
    with pytest.raises(ValueError, match="NaN or infinite"):
        lrkeras.prune_units(two_lstms, 2)


@pytest.mark.parametrize("kind", [np.asarray, np.ndarray.tolist])
def test_a_table_that_began_as_one_trained_elsewhere(kind):
    """Its initialiser has the size of the whole table."""
    values = np.random.default_rng(0).normal(size=(11, 6)).astype("float32")
    table = keras.initializers.Constant(kind(values))
    model = keras.Sequential(
        [keras.Input((5,)), L.Embedding(11, 6, table, name="words"), L.LSTM(3), L.Dense(2)]
    )
    small, _ = lrkeras.prune_units(model, units={"words": 2})
    left = ops.convert_to_numpy(small.get_layer("words").embeddings)
    assert left.shape == (11, 2)
    assert all(any((column == values[:, k]).all() for k in range(6)) for column in left.T)
