"""From a text to the three words above a keyboard."""

from __future__ import annotations

import os

import numpy as np

from lrkeras.export import StepRunner
from lrkeras.tasks.keyboard.correction import Correction
from lrkeras.tasks.keyboard.corrector import Corrector
from lrkeras.tasks.keyboard.personal_ranking import ranked
from lrkeras.tasks.keyboard.personal_words import PersonalWords
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
        path: a `.tflite` step file whose metadata has `vocabulary` and, if need be, `blocked`
            (words that are never shown) and `spellings` (words that are written with capitals).
        num_threads: threads of the kernels.
        personal: words of the person who types; those that were seen twice are suggested as well,
            none of them is corrected. `personal.learn(text)` adds a finished message.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: it has no signature `step` or no vocabulary.

    Example:
    >>> from lrkeras.models import model_file
    >>> suggester = Suggester(model_file("word_prediction_doped_kp"))
    >>> [suggestion.text for suggestion in suggester.suggest("See you tom")]
    ['tomorrow', 'tom', "tom's"]
    """

    def __init__(
        self,
        path: str | os.PathLike,
        num_threads: int = 1,
        personal: PersonalWords | None = None,
    ) -> None:
        self.runner = StepRunner(path, num_threads=num_threads)
        self.vocabulary = stored_vocabulary(self.runner.metadata, path)
        blocked = self.runner.metadata.get("blocked", ())
        self.ranking = WordRanking(self.vocabulary.words, blocked)
        self.personal = personal
        spellings = self.runner.metadata.get("spellings", ())
        self._spellings = {word.lower(): word for word in spellings}
        self.corrector = Corrector(
            self.ranking, self.vocabulary.unknown_id, personal, self._spellings
        )
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
        logits = self.logits(typed)
        previous = typed.context[-1]
        words = self.ranking.best(
            logits, prefix=typed.prefix, marks=takes_mark(previous), count=count
        )
        if self.personal:
            words = ranked(
                self.personal,
                self.ranking,
                words,
                logits,
                previous=previous,
                prefix=typed.prefix,
                count=count,
            )
        return [self._suggestion(word, typed) for word in words]

    def correct(self, text: str) -> Correction | None:
        """Returns what the last word of a text should be, or None where it is left alone.

        Args:
            text: any text; it ends right behind the word, before the blank.

        Raises:
            TypeError: `text` is no `str`.

        >>> from lrkeras.models import model_file
        >>> suggester = Suggester(model_file("word_prediction_doped_kp"))
        >>> suggester.correct("See you tommorow")
        Correction(typed='tommorow', replacement='tomorrow')
        """
        typed = TypedText.of(text)
        word = self.corrector.correct(typed, lambda: self.logits(typed))
        if word is None:
            return None
        spelled = self._spellings.get(word, word)
        if typed.prefix[0].isupper() or word in _CAPITALISED:
            spelled = spelled[:1].upper() + spelled[1:]
        return Correction(text[len(text) - typed.replaces :], spelled)

    def _suggestion(self, word: str, typed: TypedText) -> Suggestion:
        if word in MARKS:
            return Suggestion(word, 1 if typed.ends_in_blank else 0)
        if self.personal and not self.ranking.knows(word):
            word = self.personal.spelling(word)
        word = self._spellings.get(word, word)
        return Suggestion(_cased(word, typed), typed.replaces)

    def logits(self, typed: TypedText) -> np.ndarray:
        """The logits of the word after `typed.context`, of which what is new is fed."""
        context = tuple(int(i) for i in self.vocabulary.encode(typed.context))
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
