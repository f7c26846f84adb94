import numpy as np
import pytest

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.keyboard.measure import measure

VOCABULARY = Vocabulary(["<unk>", "<eos>", "<num>", ".", "go", "home", "hole", "now", "we", "hope"])


class Fixed:
    """Says the same after every token: a probability for each word."""

    def __init__(self, probabilities):
        self.logits = np.log(np.asarray(probabilities, float))
        self.fed, self.resets = [], 0

    def reset(self):
        self.resets += 1

    def feed(self, token):
        self.fed.append(token)
        return self.logits + 3.0  # logits need not be normalised


def test_words_and_keystrokes_are_counted():
    #                <unk> <eos> <num>   .    go  home  hole  now   we  hope
    model = Fixed([0.05, 0.05, 0.05, 0.20, 0.3, 0.04, 0.06, 0.05, 0.1, 0.1])
    quality = measure(model, ["go home.", "go zebra", ""], VOCABULARY)
    # Shown before a letter: at the start of a sentence go, we, hope; in it go, ".", we.
    # "go": first both times, one tap each. "home": after "h" the words are hope, hole, home: found
    # with one letter and a tap, 2 of 5. "zebra": never, 6 of 6. Keystrokes 3 + 5 + 3 + 6.
    assert quality.words == 4
    assert quality.tokens == 7  # go home . <eos> go zebra <eos>
    assert quality.top1 == 2 / 4
    assert quality.top3 == 2 / 4
    assert quality.oov_rate == 1 / 4
    assert quality.keystrokes_saved == pytest.approx(1 - (1 + 2 + 1 + 6) / 17)
    loss = -np.log([0.3, 0.04, 0.2, 0.05, 0.3, 0.05, 0.05]).mean()
    assert quality.perplexity == pytest.approx(np.exp(loss))
    assert model.resets == 2
    assert model.fed == [1, 4, 5, 3, 1, 1, 4, 0, 1]


def test_blocked_words_are_missed():
    model = Fixed([0.05, 0.05, 0.05, 0.20, 0.3, 0.04, 0.06, 0.05, 0.1, 0.1])
    assert measure(model, [["go"]], VOCABULARY, blocked=["go"]).top3 == 0
    assert measure(model, [["go"]], VOCABULARY).top3 == 1
