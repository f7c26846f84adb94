import keras
import numpy as np
import pytest

from lrkeras import compress, structures
from lrkeras.compression.fitting.calibration import batches, collect_second_moments
from lrkeras.compression.matrices.selection import select

L = keras.layers


def numbers(x):
    return np.asarray(keras.ops.convert_to_numpy(x), np.float64)


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def moments(model, x):
    choice, _ = select(model, {"*": "low_rank", "*.joint": "low_rank"}, None, None)
    owners = {id(t.owner): (t.owner, t.caller) for t, _ in choice.values()}
    return collect_second_moments(model, list(owners.values()), list(batches(x)))


def assert_moment(weighting, rows):
    """The second moment, and a ridge of a fifth of its mean diagonal."""
    total = rows.T @ rows
    ridge = 0.2 * np.trace(total) / len(total) * np.eye(len(total))
    np.testing.assert_allclose(weighting.inputs, total + ridge, rtol=1e-4, atol=1e-5)


def numpy_lstm(layer, x, mask=None, first=None):
    """Hidden state before every step, `(batch, time, units)`; from `first`, `(h, c)`, or zeros."""
    kernel, recurrent, bias = (numbers(w) for w in layer.get_weights())
    h, c = (np.zeros((len(x), recurrent.shape[0])),) * 2 if first is None else first
    before = []
    for t in range(x.shape[1]):
        before.append(h)
        i, f, g, o = np.split(x[:, t] @ kernel + h @ recurrent + bias, 4, axis=1)
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        new_h = sigmoid(o) * np.tanh(new_c)
        keep = np.ones(len(x), bool) if mask is None else mask[:, t]
        h, c = np.where(keep[:, None], new_h, h), np.where(keep[:, None], new_c, c)
    return np.stack(before, axis=1)


@pytest.mark.parametrize("go_backwards", [False, True])
def test_moments_of_inputs_and_hidden_states(go_backwards):
    model = keras.Sequential(
        [keras.Input((5, 20)), L.LSTM(30, name="lstm", go_backwards=go_backwards), L.Dense(20)]
    )
    x = np.random.default_rng(0).normal(size=(40, 5, 20)).astype("float32")
    found = moments(model, x)
    ordered = x[:, ::-1] if go_backwards else x
    h = numpy_lstm(model.get_layer("lstm"), ordered)
    assert_moment(found["lstm", "kernel"], x.reshape(-1, 20))
    assert_moment(found["lstm", "recurrent"], h.reshape(-1, 30))
    assert_moment(found["lstm", "joint"], np.concatenate([ordered, h], -1).reshape(-1, 50))
    outputs = numbers(model.layers[0](x))
    assert_moment(found[model.layers[1].name, "kernel"], outputs)


def test_masked_steps_do_not_count():
    model = keras.Sequential(
        [
            keras.Input((6,), dtype="int32"),
            L.Embedding(40, 24, mask_zero=True, name="table"),
            L.LSTM(24, return_sequences=True, name="lstm"),
        ]
    )
    ids = np.random.default_rng(0).integers(0, 40, (9, 6))
    ids[:, 4:] = 0
    ids[2, 1] = 0
    found = moments(model, ids)
    x = numbers(model.get_layer("table").embeddings)[ids]
    h = numpy_lstm(model.get_layer("lstm"), x, ids != 0)
    assert_moment(found["lstm", "kernel"], x[ids != 0])
    assert_moment(found["lstm", "recurrent"], h[ids != 0])
    counts = np.bincount(ids.ravel(), minlength=40) + 54 / 40  # and an average row
    np.testing.assert_allclose(found["table", "embeddings"].inputs, counts, atol=1e-3)


@pytest.mark.parametrize("wrapped", [False, True])
def test_a_decoder_starts_at_the_state_it_is_given(wrapped):
    h, c = keras.Input((24,), name="h"), keras.Input((24,), name="c")
    x = keras.Input((4, 20), name="x")
    lstm = L.LSTM(24, return_sequences=True, name="lstm")
    decoder = L.Bidirectional(lstm, name="both") if wrapped else lstm
    states = [h, c, h, c] if wrapped else [h, c]
    model = keras.Model([x, h, c], decoder(x, initial_state=states))
    rng = np.random.default_rng(0)
    data = [rng.normal(size=s).astype("float32") for s in ((30, 4, 20), (30, 24), (30, 24))]
    found = moments(model, data)
    layer = decoder.forward_layer if wrapped else lstm
    before = numpy_lstm(layer, data[0], first=data[1:])
    path = f"both/{layer.name}" if wrapped else "lstm"
    assert_moment(found[path, "recurrent"], before.reshape(-1, 24))
    assert_moment(found[path, "joint"], np.concatenate([data[0], before], -1).reshape(-1, 44))


def test_a_stateful_layer_starts_where_the_last_batch_ended():
    model = keras.Sequential(
        [keras.Input((4, 20), batch_size=8), L.LSTM(24, stateful=True, name="lstm")]
    )
    x = np.random.default_rng(0).normal(size=(16, 4, 20)).astype("float32")
    before = numpy_lstm(model.layers[0], np.concatenate([x[:8], x[8:]], axis=1))
    found = moments(model, (x[i : i + 8] for i in (0, 8)))
    assert_moment(found["lstm", "recurrent"], before.reshape(-1, 24))


def test_layers_in_wrappers_are_seen(every_kind, tokens):
    found = moments(every_kind, tokens)
    layer = every_kind.get_layer
    inside = keras.Model(
        every_kind.input, [layer(n).output for n in ("lstm", "simple", "rnn", "each", "norm")]
    )
    lstm, simple, rnn, _, norm = (numbers(y).reshape(-1, y.shape[-1]) for y in inside(tokens))
    assert_moment(found["both/forward_gru", "kernel"], lstm)
    assert_moment(found["both/backward_gru", "kernel"], lstm)
    assert_moment(found["rnn/cell", "kernel"], simple)
    assert_moment(found["each/inner", "kernel"], rnn)
    assert_moment(found["einsum", "kernel"], norm)
    states = rnn.reshape(16, 6, 32)[:, :-1].reshape(-1, 32)
    assert_moment(found["rnn/cell", "recurrent"], np.concatenate([states, np.zeros((16, 32))]))


def test_tied_table_counts_its_look_ups_and_its_logits():
    ids = keras.Input((5,), dtype="int32")
    table = L.ReversibleEmbedding(50, 24, name="table")
    hidden = L.LSTM(24, return_sequences=True, name="lstm")(table(ids))
    model = keras.Model(ids, table(hidden, reverse=True))
    x = np.random.default_rng(0).integers(0, 50, (8, 5))
    weighting = moments(model, x)["table", "embeddings"]
    counts = np.bincount(x.ravel(), minlength=50)
    np.testing.assert_allclose(weighting.inputs, counts + counts.mean())
    rows = numbers(keras.Model(ids, hidden)(x)).reshape(-1, 24)
    ridge = 0.2 * np.trace(rows.T @ rows) / 24 * np.eye(24)
    np.testing.assert_allclose(weighting.outputs, rows.T @ rows + ridge, rtol=1e-4, atol=1e-5)


def test_calibrated_model_is_nearer_to_the_model(stack, sequences):
    """On sequences of the same kind that were not among the examples."""
    mixing = np.random.default_rng(3).normal(size=(20, 3))
    data = [np.random.default_rng(s).normal(size=(200, 7, 3)) @ mixing.T for s in (4, 5)]
    seen, unseen = (d.astype("float32") for d in data)
    errors = []
    for calibration in (None, seen):
        small, report = compress(stack, structures.LowRank(rank=4), calibration=calibration)
        difference = numbers(small(unseen)) - numbers(stack(unseen))
        errors.append(np.linalg.norm(difference))
    assert errors[1] < 0.8 * errors[0]
    assert all(r.weighted_error < r.error for r in report.matrices)


@pytest.mark.parametrize("kind", ["array", "list", "dict", "pairs", "dataset"])
def test_batches_of_any_kind(kind):
    x = np.arange(40)[:, None]

    class Data(keras.utils.PyDataset):
        num_batches = 4

        def __getitem__(self, index):
            return x[10 * index : 10 * index + 10], None

    data = {
        "array": x,
        "list": [x, x],
        "dict": {"a": x},
        "pairs": ((x[i : i + 5], 0) for i in range(0, 40, 5)),
        "dataset": Data(),
    }[kind]
    seen = [keras.tree.flatten(b)[0] for b in batches(data)]
    np.testing.assert_array_equal(np.concatenate(seen), x)


def test_bad_calibration_is_refused(stack):
    with pytest.raises(ValueError, match="arrays of inputs or an iterable of batches"):
        compress(stack, "low_rank", calibration=3)
    with pytest.raises(ValueError, match="holds no inputs"):
        compress(stack, "low_rank", calibration=np.zeros((0, 7, 20), "float32"))
    with pytest.raises(ValueError, match="takes no `calibration`"):
        compress(stack, "low_rank", method="semi_nmf", calibration=np.zeros((1, 7, 20)))
