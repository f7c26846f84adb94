"""The layers that these runs need beside Keras's."""

import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import layers
from lrkeras.tasks.papers.language_models.carried_states import CarriedStates
from lrkeras.tasks.papers.language_models.dropped_matrix import DroppedMatrix
from lrkeras.tasks.papers.language_models.output_penalty import OutputPenalty
from lrkeras.tasks.papers.language_models.taught_word_losses import TaughtWordLosses
from lrkeras.tasks.papers.language_models.token_streams import TokenStreams
from lrkeras.tasks.papers.language_models.word_losses import WordLosses


def _reference_losses(hidden, kernel, bias, words):
    logits = hidden.astype(np.float64) @ kernel + bias
    shifted = logits - logits.max(-1, keepdims=True)
    logs = shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))
    return -np.take_along_axis(logs, words[..., None], -1)[..., 0], np.exp(logs)


def _problem():
    rng = np.random.default_rng(3)
    hidden = rng.normal(size=(2, 3, 4)).astype("float32")
    return hidden, rng.integers(0, 7, size=(2, 3)).astype("int32"), rng


def test_losses_are_those_of_a_softmax():
    hidden, words, rng = _problem()
    layer = WordLosses(7)
    layer(hidden, words)
    layer.bias.assign(rng.normal(size=7))
    kernel, bias = to_numpy(layer.kernel), to_numpy(layer.bias)
    expected, _ = _reference_losses(hidden, kernel, bias, words)
    np.testing.assert_allclose(to_numpy(layer(hidden, words)), expected, rtol=1e-5)


def test_losses_beside_a_teacher_are_partly_the_distance_to_it():
    hidden, words, rng = _problem()
    teacher = rng.normal(size=(2, 3, 7)).astype("float32")
    layer = TaughtWordLosses(7, 0.25)
    found = to_numpy(layer(hidden, words, teacher, training=True))
    kernel = to_numpy(layer.kernel)
    own, shares = _reference_losses(hidden, kernel, 0, words)
    _, wanted = _reference_losses(teacher, np.eye(7), 0, words)
    distance = np.sum(wanted * np.log(wanted / shares), axis=-1)
    np.testing.assert_allclose(found, 0.75 * own + 0.25 * distance, rtol=1e-4)
    # Perplexities are of the words alone.
    np.testing.assert_allclose(to_numpy(layer(hidden, words, teacher)), own, rtol=1e-5)


def test_low_precision_is_near():
    hidden, words, _ = _problem()
    layer = WordLosses(7, product_dtype="bfloat16")
    losses = to_numpy(layer(hidden, words))
    expected, _ = _reference_losses(hidden, to_numpy(layer.kernel), 0, words)
    assert losses.dtype == "float32"
    np.testing.assert_allclose(losses, expected, atol=0.03)
    assert np.abs(losses - expected).max() > 1e-5


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="no custom gradients there")
def test_gradients_are_those_of_a_softmax():
    hidden, words, rng = _problem()
    upstream = rng.normal(size=(2, 3))
    tokens = keras.Input(batch_shape=(2, 3, 4))
    targets = keras.Input(batch_shape=(2, 3), dtype="int32")
    scale = keras.layers.Dense(4, use_bias=False, kernel_initializer="identity", name="scale")
    output = WordLosses(7, name="output")
    model = keras.Model([tokens, targets], output(scale(tokens), targets))
    before = [to_numpy(w).copy() for w in model.trainable_weights]
    # One step of SGD at rate 1 moves weights by the gradient.
    model.compile(keras.optimizers.SGD(1.0), lambda y, losses: losses * y, jit_compile=False)
    model.train_on_batch([hidden, words], upstream.astype("float32"))
    moved = [b - to_numpy(w) for b, w in zip(before, model.trainable_weights, strict=True)]
    _, kernel, bias = before
    _, shares = _reference_losses(hidden, kernel, bias, words)
    z = (shares - np.eye(7)[words]) * upstream[..., None] / 6
    flat = z.reshape(6, 7)
    rows = hidden.reshape(6, 4)
    np.testing.assert_allclose(moved[1], rows.T @ flat, atol=1e-5)
    np.testing.assert_allclose(moved[2], flat.sum(0), atol=1e-5)
    np.testing.assert_allclose(moved[0], rows.T @ flat @ kernel.T, atol=1e-5)


def test_tied_losses_use_the_table():
    hidden, words, _ = _problem()
    table = layers.Embedding(7, 4)
    table(np.zeros((1, 1), "int32"))
    layer = WordLosses(7, table=table)
    expected, _ = _reference_losses(hidden, to_numpy(table.embeddings).T, 0, words)
    np.testing.assert_allclose(to_numpy(layer(hidden, words)), expected, rtol=1e-5)
    assert len(layer.weights) == 1


def test_states_go_on_from_call_to_call():
    x = np.random.default_rng(0).normal(size=(3, 8, 5)).astype("float32")
    rnn = layers.LSTM(6, return_sequences=True, return_state=True)
    carried = CarriedStates(rnn, batch_size=3)
    pieces = [to_numpy(carried(x[:, i : i + 4])) for i in (0, 4)]
    whole = to_numpy(rnn(x)[0])
    np.testing.assert_allclose(np.concatenate(pieces, axis=1), whole, atol=1e-6)
    again = to_numpy(carried(x[:, :4]))
    assert np.abs(again - pieces[0]).max() > 1e-3
    carried.reset()
    np.testing.assert_allclose(to_numpy(carried(x[:, :4])), pieces[0], atol=1e-6)


def test_dropped_matrix_drops_a_share_of_its_entries_in_training_alone():
    matrix = DroppedMatrix(0.25, seed=1)
    matrix.build((40, 50))
    w = np.random.default_rng(0).normal(size=(40, 50))
    matrix.from_dense(w)
    np.testing.assert_allclose(to_numpy(matrix.to_dense()), w, rtol=1e-6)
    first, second = (to_numpy(matrix.to_dense(training=True)) for _ in range(2))
    kept = first != 0
    assert 0.7 < kept.mean() < 0.8
    np.testing.assert_allclose(first[kept], (w / 0.75)[kept], rtol=1e-5)
    assert (kept != (second != 0)).mean() > 0.2
    with pytest.raises(ValueError, match="received 1"):
        DroppedMatrix(1)


def test_penalties_of_outputs():
    dropped = np.array([[[1.0], [3.0]]], "float32")
    raw = np.array([[[1.0], [4.0]]], "float32")
    layer = OutputPenalty(2.0, 0.5)
    np.testing.assert_array_equal(to_numpy(layer([dropped, raw], training=True)), dropped)
    # Squares 1 and 9; a change of 3.
    assert [float(loss) for loss in layer.losses] == [2.0 * 5, 0.5 * 9]


def test_streams_are_contiguous():
    sizes = {"window": 3, "batch_size": 2, "first_id": 99}
    batches = TokenStreams(np.arange(14), **sizes)
    assert batches.num_batches == 2
    (inputs, targets), repeated = batches[0]
    assert inputs.tolist() == [[99, 0, 1], [6, 7, 8]]
    assert targets.tolist() == repeated.tolist() == [[0, 1, 2], [7, 8, 9]]
    assert batches[1][1].tolist() == [[3, 4, 5], [10, 11, 12]]


@pytest.mark.parametrize("count", [1, 5, 14, 17, 24])
def test_validation_counts_every_token_once(count):
    batches = TokenStreams(
        np.arange(100, 100 + count), window=3, batch_size=4, first_id=99, covers_all=True
    )
    counted = []
    for index in range(batches.num_batches):
        (inputs, targets), _, weights = batches[index]
        assert inputs.shape == targets.shape == weights.shape == (4, 3)
        counted += targets[weights == 1].tolist()
        np.testing.assert_array_equal(inputs[weights == 1], targets[weights == 1] - 1)
    assert sorted(counted) == list(range(100, 100 + count))


def test_text_that_is_too_short():
    with pytest.raises(ValueError, match=r"at least 12 tokens.*received 11"):
        TokenStreams(np.arange(11), window=3, batch_size=4, first_id=0)
