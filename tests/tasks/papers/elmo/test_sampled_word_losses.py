import keras
import numpy as np

from lrkeras.tasks.papers.elmo.sampled_word_losses import SampledWordLosses, log_expected
from lrkeras.tasks.papers.elmo.text_windows import log_uniform


def made(num_words=7, inputs=3):
    keras.utils.set_random_seed(1)
    layer = SampledWordLosses(num_words)
    layer.build((None, None, inputs))
    rng = np.random.default_rng(2)
    table, bias = rng.normal(size=(num_words, inputs)), rng.normal(size=num_words)
    layer.set_weights([table.astype(np.float32), bias.astype(np.float32)])
    return layer, table, bias


def test_the_loss_over_words_drawn_by_hand():
    layer, table, bias = made()
    hidden = np.random.default_rng(3).normal(size=(1, 2, 3)).astype(np.float32)
    words, drawn = np.array([[4, 2]]), np.array([[2, 0], [6, 2]])
    found = keras.ops.convert_to_numpy(layer(hidden, words, drawn))[0]
    for place, word in enumerate(words[0]):
        others = [w for w in drawn.ravel() if w != word]
        # Four words are drawn, each with log((w + 2) / (w + 1)) / log(7 + 1).
        logits = [
            hidden[0, place] @ table[w]
            + bias[w]
            - np.log(4 * np.log((w + 2) / (w + 1)) / np.log(8))
            for w in (word, *others)
        ]
        wanted = np.log(np.sum(np.exp(logits))) - logits[0]
        np.testing.assert_allclose(found[place], wanted, rtol=1e-4)


def test_the_loss_over_all_words_is_the_softmax():
    layer, table, bias = made()
    hidden = np.random.default_rng(4).normal(size=(5, 3)).astype(np.float32)
    words = np.array([0, 6, 3, 3, 1], np.int32)
    logits = hidden.astype(np.float64) @ table.T + bias
    wanted = np.log(np.exp(logits).sum(1)) - logits[np.arange(5), words]
    found = layer.over_all(keras.ops.convert_to_tensor(hidden), keras.ops.convert_to_tensor(words))
    np.testing.assert_allclose(keras.ops.convert_to_numpy(found), wanted, rtol=1e-4)


def test_words_are_drawn_as_often_as_is_taken_off_their_logits():
    count = 200_000
    drawn = log_uniform(np.random.default_rng(5), 50, (count,))
    assert drawn.min() >= 0 and drawn.max() < 50
    counts = np.bincount(drawn, minlength=50)
    expected = np.exp(keras.ops.convert_to_numpy(log_expected(np.arange(50), 50, float(count))))
    # Five standard deviations of a count.
    assert np.all(np.abs(counts - expected) < 5 * np.sqrt(expected) + 1)
