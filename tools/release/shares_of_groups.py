"""Shares of words and keystrokes over groups of texts, and what two models differ by.

A group is what texts of one hand have in common: a person's messages, a dialogue, an article.
"""

import numpy as np

from lrkeras.datasets import keyboard_text
from lrkeras.tasks.keyboard.measure import measure

SAMPLES = 2000
SHARES = ("oov_rate", "top3", "keystrokes_saved")


def sums_of(model, lines, personal=None, ranking=None):
    """What `SHARES` are shares of in a group, and how much of it: words, words and keystrokes."""
    tokens = [
        token
        for line in lines
        for token in (keyboard_text.tokenize(line) if isinstance(line, str) else line)
    ]
    keys = sum(len(token) + 1 for token in tokens if keyboard_text.WORD.fullmatch(token))
    one = measure(model, lines, model.vocabulary, model.blocked, personal=personal, ranking=ranking)
    whole = [one.words, one.words, keys]
    return whole, [getattr(one, name) * of for name, of in zip(SHARES, whole, strict=True)]


def summary(counted, samples=SAMPLES, seed=0):
    """Shares over all groups, before and after, and the difference with its interval of 95 %.

    Args:
        counted: array of shape `(groups, 3, 3)`: the whole, before and after, of each of `SHARES`.
        samples: of the bootstrap over groups.
        seed: of the bootstrap.
    """
    rng = np.random.default_rng(seed)
    chosen = rng.integers(len(counted), size=(samples, len(counted)))

    def shares(sums):
        return sums[..., 1:, :] / sums[..., :1, :]

    whole, drawn = shares(counted.sum(0)), shares(counted[chosen].sum(1))
    found = {}
    for place, name in enumerate(SHARES):
        (before, after), spread = whole[:, place], np.diff(drawn[:, :, place])[:, 0]
        found[name] = {
            "before": before,
            "after": after,
            "difference": after - before,
            "interval": list(np.quantile(spread, (0.025, 0.975))),
        }
    return found
