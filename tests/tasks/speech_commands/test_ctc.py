"""Decoding, scores and losses of CTC, against sums over all paths."""

import itertools

import keras
import numpy as np
import pytest
import scipy.special
from keras.ops import convert_to_numpy as to_numpy

from lrkeras.export.runtime.ctc_decoding import greedy, prefix_beam
from lrkeras.tasks.speech_commands.aligned_ctc import AlignedCTC
from lrkeras.tasks.speech_commands.ctc_scores import (
    CLASSES,
    class_of,
    classify,
    single_word_scores,
)
from lrkeras.tasks.speech_commands.labels import BLANK, LABELS, NUM_OUTPUTS, output_of, words_of


def collapsed(path, blank):
    return tuple(output for output, _ in itertools.groupby(path) if output != blank)


def all_strings(logits, blank):
    """The probability of each string: every path, one by one."""
    steps = scipy.special.softmax(logits.astype(float), axis=-1)
    found = {}
    for path in itertools.product(range(steps.shape[1]), repeat=len(steps)):
        string = collapsed(path, blank)
        found[string] = found.get(string, 0.0) + np.prod(steps[np.arange(len(path)), path])
    return found


@pytest.mark.parametrize("blank", [0, 2])
@pytest.mark.parametrize("seed", range(4))
def test_a_wide_beam_finds_the_likeliest_string_of_all(seed, blank):
    logits = 2 * np.random.default_rng(seed).normal(size=(6, 4))
    strings = all_strings(logits, blank)
    assert sum(strings.values()) == pytest.approx(1)
    assert tuple(prefix_beam(logits, blank, width=1000)) == max(strings, key=strings.get)


def test_paths_that_add_up_beat_the_likeliest_path():
    # Per frame: blank 0.6, label 0.4. The likeliest path is two blanks (0.36), but three paths
    # spell the label (0.4 * 0.4 + 2 * 0.24 = 0.64).
    logits = np.log([[0.6, 0.4], [0.6, 0.4]])
    assert greedy(logits) == []
    assert prefix_beam(logits) == [1]
    assert prefix_beam(logits, width=1) == []


@pytest.mark.parametrize(
    ("path", "blank", "outputs"),
    [
        ([0, 1, 1, 0, 1, 2, 2, 0], 0, [1, 1, 2]),
        ([1, 1, 2, 2], 0, [1, 2]),
        ([0, 1, 0, 2], 2, [0, 1, 0]),
        ([0, 0], 0, []),
    ],
)
def test_decoding_merges_repeated_outputs_and_drops_blanks(path, blank, outputs):
    logits = 20.0 * np.eye(3)[path]
    assert greedy(logits, blank) == outputs
    assert prefix_beam(logits, blank) == outputs


def test_nothing_decodes_to_nothing():
    assert greedy(np.zeros((0, 3))) == prefix_beam(np.zeros((0, 3))) == []
    with pytest.raises(ValueError, match="width=0"):
        prefix_beam(np.zeros((1, 3)), width=0)


def test_scores_of_single_words_are_sums_over_their_paths():
    logits = 2 * np.random.default_rng(0).normal(size=(2, 5, 4))
    scores = single_word_scores(logits)
    for utterance, found in zip(logits, scores, strict=True):
        strings = all_strings(utterance, BLANK)
        expected = [strings[()]] + [strings[(label,)] for label in (1, 2, 3)]
        np.testing.assert_allclose(np.exp(found), expected, rtol=1e-10)


def test_scores_of_long_clips_are_keras_losses():
    logits = np.random.default_rng(1).normal(size=(NUM_OUTPUTS - 1, 60, NUM_OUTPUTS))
    targets = np.arange(1, NUM_OUTPUTS)[:, None]
    scores = single_word_scores(logits)
    losses = keras.losses.ctc(targets, logits.astype("float32"))
    np.testing.assert_allclose(-scores[np.arange(21), targets[:, 0]], to_numpy(losses), rtol=1e-4)


def test_a_clip_is_of_the_class_of_its_word():
    words = ["go", "seven", "<unknown>", "yes"]
    logits = np.zeros((5, 12, NUM_OUTPUTS))
    logits[..., BLANK] = 8
    for row, word in enumerate(words):
        logits[row, 5:8, output_of(word)] = 16
    expected = ["go", "_unknown_", "_unknown_", "yes", "_silence_"]
    assert classify(logits) == expected
    assert len(CLASSES) == 12
    assert [class_of(word) for word in ("go", "seven", "bird", "yes", "")] == expected


def test_unknown_words_add_up():
    # Each of eleven other labels is a little less likely than the command, together they are more.
    logits = np.full((1, 1, NUM_OUTPUTS), -30.0)
    logits[0, 0, [output_of(word) for word in LABELS[10:]]] = -1
    logits[0, 0, output_of("stop")] = 0
    assert classify(logits) == ["_unknown_"]
    logits[0, 0, output_of("stop")] = 2  # above log(11) - 1
    assert classify(logits) == ["stop"]


def test_words_are_outputs_and_back():
    assert output_of("yes") == 1
    assert output_of("bird") == output_of("<unknown>") == 21
    assert words_of([output_of(word) for word in ("up", "bird", "nine")]) == ["up", "nine"]
    assert BLANK == 0  # where keras.losses.CTC has it


def test_aligned_loss_is_ctc_and_the_entropy_of_frames():
    rng = np.random.default_rng(2)
    logits = rng.normal(size=(2, 7, 5)).astype("float32")
    strings, frames = np.array([[1, 2, 0], [3, 0, 0]]), rng.integers(5, size=(2, 7))
    loss = AlignedCTC(words=3, frame_weight=0.5)
    found = float(loss(np.concatenate([strings, frames], axis=1), logits))
    expected = []
    for row in range(2):
        probability = all_strings(logits[row], 0)[tuple(strings[row][strings[row] > 0])]
        steps = scipy.special.log_softmax(logits[row].astype(float), axis=-1)
        entropy = -steps[np.arange(7), frames[row]].sum()
        expected.append(-np.log(probability) + 0.5 * entropy)
    assert found == pytest.approx(np.mean(expected), rel=1e-5)
    assert AlignedCTC.from_config(loss.get_config()).get_config() == loss.get_config()
