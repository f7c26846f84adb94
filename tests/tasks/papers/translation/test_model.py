"""The model against NumPy in float64, and greedy translations against the model itself."""

import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.tasks.papers.translation.greedy import translate
from lrkeras.tasks.papers.translation.model import compile_translator, translator
from lrkeras.tasks.papers.translation.rows import config_of
from lrkeras.tasks.papers.translation.sub_words import END, START, padded

PIECES = 20


def noisy(name="multi30k_tiny"):
    """A model with larger weights: attention of fresh ones is all but even."""
    model = translator(config_of(name), PIECES)
    rng = np.random.default_rng(0)
    for weight in model.trainable_weights:
        weight.assign(weight + 0.2 * rng.normal(size=weight.shape))
    return model


def lstm(layer, rows, h=0.0, c=0.0):
    """The states of an LSTM after each row of inputs."""
    kernel, recurrent, bias = (to_numpy(w).astype(np.float64) for w in layer.get_weights())
    found = []
    h = np.broadcast_to(h, recurrent.shape[:1])
    for x in rows:
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        i, f, o = (1 / (1 + np.exp(-gate)) for gate in (i, f, o))
        c = f * c + i * np.tanh(g)
        h = o * np.tanh(c)
        found.append(h)
    return np.array(found), h, c


def reference(model, source, target):
    """Logits of one pair without padding."""
    numbers = {w.path: to_numpy(w).astype(np.float64) for w in model.weights}
    layer = model.get_layer
    table = to_numpy(layer("table").embeddings).astype(np.float64)
    lower, *first = lstm(layer("encoder_1"), table[source])
    memory, *second = lstm(layer("encoder_2"), lower)
    hidden, *_ = lstm(layer("decoder_1"), table[target], *first)
    hidden, *_ = lstm(layer("decoder_2"), hidden, *second)
    scores = numbers["attention/scale"] * hidden @ memory.T
    shares = np.exp(scores) / np.exp(scores).sum(1, keepdims=True)
    both = np.concatenate([hidden, shares @ memory], 1)
    combined = np.tanh(both @ numbers["combined/kernel"] + numbers["combined/bias"])
    return combined @ table.T


def test_the_model_is_what_it_says_and_does_not_read_padding():
    model = noisy()
    source, target = np.array([5, 9, 4, 17]), np.array([START, 7, 7, 12, 6])
    expected = reference(model, source, target)
    for length in (4, 7):
        given = model([padded([source], length), target[None]])
        np.testing.assert_allclose(to_numpy(given)[0], expected, atol=1e-5)


def test_the_loss_is_the_mean_over_what_is_no_padding():
    model = noisy()
    config = config_of("multi30k_tiny")
    compile_translator(model, config, 10)
    sources = np.array([[5, 9, 4], [8, 0, 0]])
    before, after = np.array([[START, 7, 6], [START, 0, 0]]), np.array([[7, 6, END], [END, 0, 0]])
    weights = (after > 0).astype("float32")
    loss = model.test_on_batch([sources, before], after, sample_weight=weights)
    lost = []
    for source, given, said in (([5, 9, 4], [START, 7, 6], [7, 6, END]), ([8], [START], [END])):
        logits = reference(model, np.array(source), np.array(given))
        losses = np.log(np.exp(logits).sum(1)) - logits[range(len(said)), said]
        lost += losses.tolist()
    assert float(loss) == pytest.approx(np.mean(lost), rel=1e-5)


@pytest.mark.parametrize(
    "name",
    [
        "multi30k_tiny",
        # The sampler traces each step anew, which structures make long.
        pytest.param("multi30k_tiny_hybrid_5x", marks=pytest.mark.slow),
    ],
)
def test_greedy_translations_are_the_likeliest_next_sub_words(name):
    pytest.importorskip("keras_hub")
    model = noisy(name)
    rng = np.random.default_rng(1)
    sources = [rng.integers(4, PIECES, n).tolist() for n in (3, 8, 5, 1)]
    found = translate(model, sources, 7)
    for source, ids in zip(sources, found, strict=True):
        said = [START]
        # Anew from the beginning for each.
        while len(said) < 8:
            read = padded([source[:7]], 7)
            logits = to_numpy(model([read, np.array([said])]))[0, -1]
            if logits.argmax() == END:
                break
            said.append(int(logits.argmax()))
        assert ids == said[1:]
    # Not all alike, or nothing was read.
    assert len({tuple(ids) for ids in found}) > 1
