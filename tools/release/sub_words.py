"""Completions of words that a keyboard's model does not know: from sub-words, and from a list."""

import bisect
import heapq
import math
import zlib

import numpy as np

from lrkeras.tasks.keyboard.word_ranking import WordRanking

PADDING, UNKNOWN, START = "[PAD]", "[UNK]", "[START]"
_INNER = "##"  # what a piece inside of a word begins with, in keras-hub's vocabularies
_MAX_STEPS = 40  # of the model, for one prefix


class RankingBeyond(WordRanking):
    """A ranking in which words that the model does not know compete as the unknown word's share.

    Args:
        words: the vocabulary of the model.
        blocked: words never to be shown.
        unknown: the id of the unknown word.
        beyond: gives words that begin with letters, with the logarithm of each one's share.
    """

    def __init__(self, words, blocked, unknown, beyond):
        super().__init__(words, blocked)
        self._unknown, self._beyond = unknown, beyond

    def best(self, logits, *, prefix="", marks=False, count=3):
        found = super().best(logits, prefix=prefix, marks=marks, count=count)
        letters = prefix.lower().replace("'", "")
        if not letters:
            return found
        scores = {word: float(logits[self.ids[word]]) for word in found}
        for word, share in self._beyond(letters, count):
            if not self.knows(word):
                scores[word] = float(logits[self._unknown]) + share
        return sorted(scores, key=lambda word: -scores[word])[:count]


class WordList:
    """The most frequent of some words.

    Args:
        counts: how often each is there.
        size: how many bytes the words may take, one after the other, compressed by zlib.
    """

    def __init__(self, counts, size):
        ranked = sorted(counts, key=lambda word: (-counts[word], word))
        low, high = 0, len(ranked)
        while low < high:
            middle = (low + high + 1) // 2
            low, high = (middle, high) if _packed(ranked[:middle]) <= size else (low, middle - 1)
        total = sum(counts.values())
        self.words = sorted(ranked[:low])
        self.num_bytes = _packed(self.words)
        self._shares = [math.log(counts[word] / total) for word in self.words]

    def __call__(self, prefix, count):
        """Words that begin with a prefix, with the logarithms of their shares."""
        first = bisect.bisect_left(self.words, prefix)
        last = bisect.bisect_left(self.words, prefix + "\U0010ffff")
        best = heapq.nlargest(count, range(first, last), key=lambda place: self._shares[place])
        return [(self.words[place], self._shares[place]) for place in best]


def _packed(words):
    return len(zlib.compress("\n".join(sorted(words)).encode(), 9))


class SubWords:
    """Words spelled by a step model of sub-words, the likeliest first.

    Args:
        runner: a step file: the id of a sub-word in, the logits of the next one out.
        pieces: the sub-words by their ids; `START` begins a word and ends it.

    Attributes:
        steps: how often the model ran, for each prefix that was asked for.
    """

    def __init__(self, runner, pieces):
        self._runner = runner
        self._start = pieces.index(START)
        self._texts = [piece.removeprefix(_INNER) for piece in pieces]
        special = {pieces.index(name) for name in (PADDING, UNKNOWN, START)}
        self._first, self._inner = (
            np.array(
                [
                    i
                    for i, piece in enumerate(pieces)
                    if i not in special and piece.startswith(_INNER) == inner
                ]
            )
            for inner in (False, True)
        )
        self._known = {}
        self.steps = []

    def __call__(self, prefix, count):
        """Words that begin with a prefix, with the logarithms of their shares."""
        if (prefix, count) in self._known:
            return self._known[prefix, count]
        found, steps = [], 0
        # Best first: no word that comes later is likelier.
        waiting = [(0.0, "", (self._start,), None)]
        while waiting and len(found) < count and steps < _MAX_STEPS:
            cost, text, ids, states = heapq.heappop(waiting)
            if len(ids) > 1 and ids[-1] == self._start:
                found.append((text, -cost))
                continue
            self._runner.reset()
            if states is not None:
                self._runner.states = dict(states)
            logits = np.asarray(self._runner.step([[ids[-1]]]), np.float64).reshape(-1)
            states, steps = dict(self._runner.states), steps + 1
            costs = np.logaddexp.reduce(logits) - logits
            for piece in self._following(text, prefix, costs, ids):
                longer = text + self._texts[piece] if piece != self._start else text
                heapq.heappush(waiting, (cost + costs[piece], longer, (*ids, piece), states))
        self.steps.append(steps)
        self._known[prefix, count] = found
        return found

    def _following(self, text, prefix, costs, ids):
        """The sub-words that may come next, of many the likeliest."""
        pieces = self._first if len(ids) == 1 else self._inner
        rest = prefix[len(text) :]
        if not rest:
            likeliest = pieces[np.argsort(costs[pieces])[:8]]
            return [*likeliest.tolist(), self._start]
        return [
            int(i)
            for i in pieces
            if self._texts[i].startswith(rest) or rest.startswith(self._texts[i])
        ]
