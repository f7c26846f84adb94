"""From a text to the three words above a keyboard."""

from __future__ import annotations

import os

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.tasks.keyboard.suggestion import Suggestion
from lrkeras.tasks.keyboard.typed_text import TypedText
from lrkeras.tasks.keyboard.word_ranking import MARKS, WordRanking, check_count, takes_mark
from lrkeras.tasks.training.stored_vocabulary import stored_vocabulary

_CAPITALISED = frozenset(("i", "i'm", "i'll", "i've", "i'd"))
_KEPT_STATES = 16


class Suggester:
    """Suggests next words and completions with a converted word-prediction model.

    The states after the contexts that were asked for last are kept, so that a keystroke inside a
    word runs the model not at all, and a finished word runs it once.

    Args:
        path: a `.tflite` step file whose metadata has `vocabulary` and, if need be, `blocked`.
        num_threads: threads of the kernels.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has no signature `step` or no vocabulary.

    Example:
    >>> from lrkeras.models import model_file
    >>> suggester = Suggester(model_file("word_prediction_doped_kp"))
    >>> [suggestion.text for suggestion in suggester.suggest("See you tom")]
    ['tomorrow', 'tom', "tom's"]
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1) -> None:
        self.runner = StepRunner(path, num_threads=num_threads)
        self.vocabulary = stored_vocabulary(self.runner.metadata, path)
        blocked = self.runner.metadata.get("blocked", ())
        self.ranking = WordRanking(self.vocabulary.words, blocked)
        # Context -> the states after it and the logits of the next word; the latest last.
        self._known: dict[tuple[int, ...], tuple[dict[str, np.ndarray], np.ndarray]] = {}

    def suggest(self, text: str, count: int = 3) -> list[Suggestion]:
        """Returns up to `count` suggestions for what stands before the cursor, the best first.

        All are words or marks of the model's vocabulary. There are fewer, or none, where the
        vocabulary has no more that begin with what has been typed, and none inside a web or e-mail
        address.

        Args:
            text: any text; of a long one the end alone is read.
            count: how many at most.

        Raises:
            TypeError: `text` is no `str`.
            ValueError: `count` is no whole number of at least 1.
        """
        check_count(count)
        typed = TypedText.of(text)
        if typed.in_address:
            return []
        logits = self._logits(tuple(int(i) for i in self.vocabulary.encode(typed.context)))
        marks = takes_mark(typed.context[-1])
        words = self.ranking.best(logits, prefix=typed.prefix, marks=marks, count=count)
        return [self._suggestion(word, typed) for word in words]

    def _suggestion(self, word: str, typed: TypedText) -> Suggestion:
        if word in MARKS:
            return Suggestion(word, 1 if typed.ends_in_blank else 0)
        return Suggestion(_cased(word, typed), typed.replaces)

    def _logits(self, context: tuple[int, ...]) -> np.ndarray:
        """Feeds what is new of a context."""
        done = next((n for n in range(len(context), 0, -1) if context[:n] in self._known), 0)
        if done == len(context):
            return self._known[context][1]
        if done:
            self.runner.states = dict(self._known[context[:done]][0])
        else:
            self.runner.reset()
        for token in context[done:]:
            logits = np.asarray(self.runner.step([[token]])).reshape(-1)
        self._known[context] = dict(self.runner.states), logits
        if len(self._known) > _KEPT_STATES:
            del self._known[next(iter(self._known))]
        return logits


def _cased(word: str, typed: TypedText) -> str:
    letters = typed.prefix.replace("'", "")
    if len(letters) > 1 and letters.isupper():
        return word.upper()
    if letters[:1].isupper() or typed.starts_sentence or word in _CAPITALISED:
        return word[:1].upper() + word[1:]
    return word
