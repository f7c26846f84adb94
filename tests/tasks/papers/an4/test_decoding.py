"""Decoding against the package's own prefix beam and by hand."""

import numpy as np
import pytest

from lrkeras.export.runtime.ctc_decoding import prefix_beam
from lrkeras.tasks.papers.an4.alphabet import NUM_OUTPUTS, outputs_of, text_of
from lrkeras.tasks.papers.an4.config import AN4Config
from lrkeras.tasks.papers.an4.decoding import file_logits, texts_of
from lrkeras.tasks.papers.an4.features import steps_of
from lrkeras.tasks.papers.an4.made_up import made_up

rng = np.random.default_rng(4)


def spoken(path, strength=9.0):
    """Logits whose likeliest path is the given one; `_` is the blank."""
    logits = rng.normal(size=(len(path), NUM_OUTPUTS))
    for step, character in enumerate(path):
        logits[step, 0 if character == "_" else outputs_of(character)[0]] += strength
    return logits.astype(np.float32)


def test_greedy_merges_and_drops_blanks():
    paths = ["_GGO_O__ _NNO", "A", "_____"]
    assert texts_of([spoken(path) for path in paths], "greedy") == ["GOO NO", "A", ""]


def test_beam_is_the_prefix_beam_of_the_package():
    logits = [rng.normal(size=(steps, NUM_OUTPUTS)) * 2 for steps in (7, 12, 9)]
    # So wide that neither leaves out a string that counts.
    expected = [text_of(prefix_beam(one, 0, 300)) for one in logits]
    found = texts_of([one.astype(np.float32) for one in logits], "beam_search", 300)
    assert found == expected


def test_beam_adds_paths_up():
    # Every frame likes the blank best, yet "A" in one of the two frames is likelier than nothing:
    # p(blank) = 0.6, p(A) = 0.4: nothing 0.36, "A" 0.64.
    logits = np.full((2, NUM_OUTPUTS), -50.0, np.float32)
    logits[:, 0], logits[:, 2] = np.log(0.6), np.log(0.4)
    assert texts_of([logits], "greedy") == [""]
    assert texts_of([logits], "beam_search", 4) == ["A"]


def test_a_file_is_reset_before_every_utterance():
    calls, utterances, config = [], made_up("valid")[:2], AN4Config()

    def run(steps):
        calls.append(len(steps))
        return np.zeros((1, len(steps), NUM_OUTPUTS), np.float32)

    found = file_logits(run, lambda: calls.append("reset"), utterances, config)
    lengths = [len(steps_of(one.cepstra, 3)) for one in utterances]
    assert calls == ["reset", lengths[0], "reset", lengths[1]]
    assert [len(one) for one in found] == lengths


def test_an_unknown_strategy_is_refused():
    with pytest.raises(ValueError, match="Invalid strategy"):
        texts_of([spoken("A")], "best")
