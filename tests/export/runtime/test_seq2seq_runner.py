"""The runner of encoder and decoder against a loop around the Keras model."""

import itertools

import keras
import numpy as np
import pytest
from keras import layers

from lrkeras import Seq2SeqRunner, convert

pytestmark = pytest.mark.sampled

DIGITS, START, END, LENGTH = 7, 6, 0, 4  # ids 1 to 5; 0 pads too


@pytest.fixture(scope="module")
def reverser():
    """Trained for seconds to say digits backwards."""
    keras.utils.set_random_seed(1)
    source, target = keras.Input((None,), name="source"), keras.Input((None,), name="target")
    read = layers.Embedding(DIGITS, 12, mask_zero=True)(source)
    memory, state = layers.GRU(24, return_sequences=True, return_state=True)(read)
    hidden = layers.Embedding(DIGITS, 12)(target)
    hidden = layers.GRU(24, return_sequences=True)(hidden, initial_state=state)
    hidden = layers.Concatenate()([hidden, layers.Attention()([hidden, memory])])
    model = keras.Model([source, target], layers.Dense(DIGITS, activation="softmax")(hidden))
    model.compile(keras.optimizers.Adam(0.01), "sparse_categorical_crossentropy")
    x, y = pairs(2000)
    model.fit([x, np.pad(y, ((0, 0), (1, 0)), constant_values=START)[:, :-1]], y, 50, 6, verbose=0)
    return model


@pytest.fixture(scope="module", params=[None, "int8"])
def runner(reverser, request, tmp_path_factory):
    path = tmp_path_factory.mktemp("file") / "reverser.tflite"
    convert(reverser, path, form="seq2seq", steps=LENGTH, quantize=request.param)
    return Seq2SeqRunner(path)


def pairs(count):
    """Sources and what they are backwards, with an end."""
    rng = np.random.default_rng(0)
    x, y = np.zeros((count, LENGTH), int), np.zeros((count, LENGTH + 1), int)
    for source, target in zip(x, y, strict=True):
        length = rng.integers(2, LENGTH + 1)
        source[:length] = rng.integers(1, 6, length)
        target[:length] = source[:length][::-1]
    return x, y


def next_scores(model, source, tokens):
    """Keras's probabilities after a prefix, over the whole of it anew."""
    scores = model([np.array([source]), np.array([[START, *tokens]])])
    return keras.ops.convert_to_numpy(scores)[0, -1]


def greedy_in_keras(model, source):
    tokens = []
    while len(tokens) < LENGTH + 2:
        token = int(np.argmax(next_scores(model, source, tokens)))
        if token == END:
            break
        tokens.append(token)
    return tokens


def test_greedy_equals_keras(reverser, runner):
    x, _ = pairs(300)
    right = equal = 0
    for source in x[-8:]:
        short = [int(digit) for digit in source if digit]
        expected = greedy_in_keras(reverser, source)
        equal += runner.greedy(short, START, END, LENGTH + 2) == expected
        right += expected == short[::-1]
    assert equal == 8 if runner.metadata["quantize"] is None else equal > 6
    assert right > 4  # it learned something, or the test would compare noise


def test_beam_search_equals_all_sequences_in_keras(reverser, runner):
    source = [3, 1]
    padded = [*source, 0, 0]
    # All sequences of up to two digits with their end, and of three without.
    scored = {}
    for length in range(4):
        every = list(itertools.product(range(1, DIGITS), repeat=length))
        prefixes = np.array([[START, *tokens] for tokens in every])
        table = np.log(np.asarray(reverser([np.array([padded] * len(every)), prefixes])))
        for tokens, scores in zip(every, table, strict=True):
            total = sum(scores[place, token] for place, token in enumerate(tokens))
            scored[tokens] = total + (scores[-1, END] if length < 3 else 0)
    found = runner.beam_search(source, START, END, width=400, max_steps=3)
    expected = sorted(scored, key=lambda tokens: -scored[tokens])
    exact = runner.metadata["quantize"] is None
    assert found[0].tokens == list(expected[0])
    assert len(found) == len(scored)
    if exact:
        np.testing.assert_allclose(
            [one.score for one in found], [scored[tokens] for tokens in expected], atol=1e-3
        )


def test_a_beam_of_one_is_greedy(runner):
    for source in ([1, 2, 3], [5, 5], [2, 4, 1, 3]):
        (only,) = runner.beam_search(source, START, END, width=1, max_steps=6)
        assert only.tokens == runner.greedy(source, START, END, 6)


def test_states_are_kept_and_put_back(runner):
    runner.encode([1, 2, 3, 4])
    runner.decode(START)
    kept = runner.states
    first = runner.decode(4)
    runner.decode(2)
    runner.states = kept
    np.testing.assert_array_equal(runner.decode(4), first)


def test_metadata_say_what_the_file_gives(runner):
    about = runner.metadata["seq2seq"]
    assert about["sources"] == ["source"] and about["targets"] == ["target"]
    assert about["padding"] == {"source": 0} and set(about["scores"].values()) == {"probabilities"}
    assert runner.metadata["states"] == runner.state_names


def test_errors_name_what_to_do(runner, tmp_path):
    with pytest.raises(ValueError, match=r"up to 4 steps, received 5\. Cut it, or convert"):
        runner.encode([1, 2, 3, 4, 5])
    with pytest.raises(ValueError, match=r"of shape \(1, 4\), or shorter, received \(2, 3\)"):
        runner.encode(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"\['source'\] of the source, received \['words'\]"):
        runner.encode({"words": [1]})
    with pytest.raises(ValueError, match="`width` from 1"):
        runner.beam_search([1], START, END, width=0)
    with pytest.raises(ValueError, match="`length_penalty` from 0"):
        runner.beam_search([1], START, END, length_penalty=-1)
    path = tmp_path / "step.tflite"
    convert(keras.Sequential([keras.Input((None, 2)), layers.GRU(3)]), path)
    with pytest.raises(ValueError, match=r"'encode' and 'decode'.*with form='seq2seq'"):
        Seq2SeqRunner(path)


def test_errors_of_sources_without_a_mask_and_of_vectors(tmp_path):
    source, target = keras.Input((3, 2), name="x"), keras.Input((None, 2), name="y")
    _, state = layers.GRU(3, return_state=True)(source)
    model = keras.Model([source, target], layers.GRU(3, name="g")(target, initial_state=state))
    convert(model, tmp_path / "file.tflite", form="seq2seq")
    runner = Seq2SeqRunner(tmp_path / "file.tflite")
    with pytest.raises(ValueError, match="call `encode`"):
        runner.decode([1.0, 2])
    with pytest.raises(ValueError, match=r"of 3 steps, received 2: the model has no mask"):
        runner.encode(np.ones((2, 2)))
    with pytest.raises(ValueError, match="from 0 to 1 for 'y', received 7"):
        runner.greedy(np.ones((3, 2)), 7, 0)
