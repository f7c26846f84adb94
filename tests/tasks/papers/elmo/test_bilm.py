import keras
import numpy as np
import pytest

from lrkeras.tasks.papers.elmo.bilm import bilm, lstm_layers
from lrkeras.tasks.papers.elmo.character_cnn import CharacterCNN
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.rows import config_of

CONFIG = config_of("elmo_tiny")
WIDTH = CONFIG.projection


def read(words):
    return character_ids(words, CONFIG.characters)[None]


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(3)
    return bilm(CONFIG)


def test_no_direction_knows_the_words_that_are_yet_to_come(model):
    words = ["the", "dog", "sat", "on", "a", "mat"]
    before = model.predict_on_batch(read(words))[0]
    words[3] = "under"
    changes = np.abs(model.predict_on_batch(read(words))[0] - before)
    forward, backward = changes[:, 1:, :WIDTH].max(-1), changes[:, 1:, WIDTH:].max(-1)
    assert np.all(forward[:3] == 0) and np.all(forward[3:] > 0)
    assert np.all(backward[4:] == 0) and np.all(backward[:4] > 0)
    assert np.all(changes[[0, 1, 2, 4, 5], 0] == 0)


def test_what_is_behind_a_sentence_changes_nothing(model):
    words = read(["the", "dog", "sat"])
    padded = np.concatenate([words, np.zeros((1, 4, CONFIG.characters), np.int32)], axis=1)
    np.testing.assert_array_equal(
        model.predict_on_batch(padded)[:, :3], model.predict_on_batch(words)
    )


def test_the_layers_are_the_word_twice_and_the_lstms_with_what_they_read():
    keras.utils.set_random_seed(5)
    model = bilm(CONFIG)
    characters = read(["one", "two", "three"])
    found = model.predict_on_batch(characters)[0]
    words = keras.ops.convert_to_numpy(model.get_layer("words")(characters))[0].astype(np.float64)
    np.testing.assert_allclose(found[:, 0], np.concatenate([words, words], -1), atol=1e-6)
    for way, first in (("forward", 0), ("backward", WIDTH)):
        order = slice(None) if way == "forward" else slice(None, None, -1)
        below = lstm_by_hand(model.get_layer(f"{way}_0").cell, words[order])
        above = below + lstm_by_hand(model.get_layer(f"{way}_1").cell, below)
        np.testing.assert_allclose(
            found[:, 1, first : first + WIDTH], below[order], rtol=1e-4, atol=1e-6
        )
        np.testing.assert_allclose(
            found[:, 2, first : first + WIDTH], above[order], rtol=1e-4, atol=1e-6
        )


def lstm_by_hand(cell, inputs):
    """An LSTM with a projection in float64; gates i, f, c, o."""
    kernel, recurrent, bias, projection = (
        keras.ops.convert_to_numpy(w).astype(np.float64)
        for w in (cell.kernel, cell.recurrent_kernel, cell.bias, cell.projection_kernel)
    )
    h, c, found = np.zeros(recurrent.shape[0]), np.zeros(projection.shape[0]), []

    def sigmoid(x):
        return 1 / (1 + np.exp(-x))

    for x in inputs:
        i, f, g, o = np.split(x @ kernel + h @ recurrent + bias, 4)
        c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        h = (sigmoid(o) * np.tanh(c)) @ projection
        found.append(h)
    return np.array(found)


def test_characters_become_a_word_as_in_numpy():
    keras.utils.set_random_seed(7)
    cnn = CharacterCNN(4, ((1, 3), (2, 5)), 6)
    characters = character_ids(["ab", "xyz"], 7)[None]
    found = keras.ops.convert_to_numpy(cnn(characters))
    assert found.shape == (1, 2, 6)
    table = keras.ops.convert_to_numpy(cnn.table.embeddings).astype(np.float64)
    for word, row in zip(characters[0], found[0], strict=True):
        largest = []
        for convolution in cnn.convolutions:
            kernel, bias = (keras.ops.convert_to_numpy(w) for w in convolution.weights)
            width = len(kernel)
            values = [
                np.einsum("wd,wdo->o", table[word[at : at + width]], kernel) + bias
                for at in range(len(word) - width + 1)
            ]
            largest.append(np.maximum(values, 0).max(0))
        kernel, bias = (keras.ops.convert_to_numpy(w) for w in cnn.projection.weights)
        np.testing.assert_allclose(row, np.concatenate(largest) @ kernel + bias, atol=1e-6)


def test_the_lstms_come_forward_first(model):
    names = ["forward_0", "forward_1", "backward_0", "backward_1"]
    assert [layer.name for layer in lstm_layers(model)] == names
