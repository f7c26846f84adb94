"""What a keyboard's model saves the people who type: recall, keystrokes, perplexity."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterable, Sequence
from typing import Protocol

import numpy as np

from lrkeras.datasets.keyboard_text import WORD, tokenize
from lrkeras.datasets.vocabulary import END, Vocabulary
from lrkeras.tasks.keyboard.personal_ranking import ranked
from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.word_ranking import WordRanking, takes_mark


class NextWord(Protocol):
    """A language model that is fed a token at a time."""

    def reset(self) -> None:
        """Forgets what it was fed."""

    def feed(self, token: int) -> np.ndarray:
        """Takes the next token; returns natural-log probabilities, or logits, of the one after."""


@dataclasses.dataclass(frozen=True)
class Quality:
    """How a model does on messages.

    Attributes:
        words: words of letters that were to be predicted.
        tokens: all tokens, ends of messages included.
        oov_rate: share of `words` that are not in the vocabulary; they count as missed.
        top1, top3: share of `words` that were the first, or among the first three, suggestions
            before a letter of it was typed.
        keystrokes_saved: share of the keystrokes (letters and blanks of `words`) that three
            suggestions save; a tap is one keystroke and types the blank as well.
        perplexity: over `tokens`, unknown words included.
    """

    words: int
    tokens: int
    oov_rate: float
    top1: float
    top3: float
    keystrokes_saved: float
    perplexity: float


class _Counts:
    """Sums over the words of all messages."""

    def __init__(self) -> None:
        self.words = self.tokens = self.unknown = self.first = self.three = 0
        self.keystrokes = self.taken = 0
        self.loss = 0.0

    def quality(self) -> Quality:
        words, tokens = max(self.words, 1), max(self.tokens, 1)
        return Quality(
            words=self.words,
            tokens=self.tokens,
            oov_rate=self.unknown / words,
            top1=self.first / words,
            top3=self.three / words,
            keystrokes_saved=1 - self.taken / max(self.keystrokes, 1),
            perplexity=float(np.exp(self.loss / tokens)),
        )


def measure(
    model: NextWord,
    messages: Sequence[str] | Sequence[Sequence[str]],
    vocabulary: Vocabulary,
    blocked: Iterable[str] = (),
    *,
    personal: PersonalWords | None = None,
    ranking: WordRanking | None = None,
    track: Callable[[Iterable], Iterable] = iter,
) -> Quality:
    """Types messages with three suggestions at hand, as the keyboard would show them.

    Every message starts anew. A word is taken from the suggestions as soon as it is among them.

    Args:
        model: what predicts.
        messages: texts, or lists of tokens.
        vocabulary: the model's words.
        blocked: words that are never suggested.
        personal: words of the person who wrote the messages, which are suggested as well; each
            message is learned when it is finished. The messages must be texts.
        ranking: what finds the words to show. Default: `WordRanking(vocabulary.words, blocked)`.
        track: wraps the loop over the messages, for a progress bar.
    """
    words, counts = ranking or WordRanking(vocabulary.words, blocked), _Counts()

    def shown(logits: np.ndarray, previous: str, prefix: str = "") -> list[str]:
        found = words.best(logits, prefix=prefix, marks=takes_mark(previous))
        if not personal:
            return found
        return ranked(personal, words, found, logits, previous=previous, prefix=prefix)

    for message in track(messages):
        tokens = tokenize(message) if isinstance(message, str) else list(message)
        if not tokens:
            continue
        model.reset()
        previous = END
        logits = model.feed(vocabulary.end_id)
        for token, token_id in zip([*tokens, END], vocabulary.encode([*tokens, END]), strict=True):
            counts.tokens += 1
            counts.loss += _log_sum(logits) - float(logits[token_id])
            if WORD.fullmatch(token):
                known = token_id != vocabulary.unknown_id or (
                    personal is not None and personal.suggests(token)
                )
                _type(counts, functools.partial(shown, logits, previous), token, known)
            previous = token
            logits = model.feed(int(token_id))
        if personal is not None:
            personal.learn(str(message))
    return counts.quality()


def _type(counts: _Counts, shown: Callable[..., list[str]], word: str, known: bool) -> None:
    given = shown()
    counts.words += 1
    counts.unknown += not known
    counts.first += word in given[:1]
    counts.three += word in given
    counts.keystrokes += len(word) + 1
    typed = 0
    while word not in given and typed < len(word):
        typed += 1
        given = shown(word[:typed])
    # Typed to the end: the blank is a keystroke as well. Otherwise the tap is one.
    counts.taken += typed + 1


def _log_sum(logits: np.ndarray) -> float:
    largest = float(logits.max())
    return largest + float(np.log(np.exp(logits - largest).sum()))
