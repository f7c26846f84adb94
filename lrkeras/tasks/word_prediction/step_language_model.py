"""A converted word-prediction model, used a word at a time as a phone uses it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable

import numpy as np

from lrkeras.datasets import Vocabulary, words
from lrkeras.export import StepRunner
from lrkeras.tasks.training.stored_vocabulary import stored_vocabulary


class StepLanguageModel:
    """Predicts words with a step file that carries its vocabulary.

    Args:
        path: a `.tflite` step file of a word-prediction model.
        vocabulary: its words; None takes them from the metadata of the file.

    Raises:
        FileNotFoundError: there is no such file.
        ValueError: the file has no signature `step`, or there is no vocabulary.

    Example:
    >>> from lrkeras.models import model_file
    >>> model = StepLanguageModel(model_file("word_prediction_doped_kp"))
    >>> [(word, round(share, 1)) for word, share in model.next_words("i would like to", count=1)]
    [('find', 0.2)]
    """

    def __init__(self, path: str | os.PathLike, vocabulary: Vocabulary | None = None) -> None:
        self.runner = StepRunner(path)
        if vocabulary is None:
            vocabulary = stored_vocabulary(self.runner.metadata, path)
        self.vocabulary = vocabulary

    def next_words(self, prompt: str, count: int = 3) -> list[tuple[str, float]]:
        """Returns the likeliest next words, unknown words and ends of utterances left out.

        Args:
            prompt: the beginning of an utterance.
            count: how many words.

        Returns:
            `(word, probability)` pairs from likely to unlikely.
        """
        probabilities = np.exp(self._log_probabilities(self._start(prompt)))
        probabilities[[self.vocabulary.unknown_id, self.vocabulary.end_id]] = 0
        best = np.argsort(-probabilities, kind="stable")[:count]
        return [(self.vocabulary.words[i], float(probabilities[i])) for i in best]

    def complete(self, prompt: str, max_words: int = 12) -> str:
        """Returns the prompt continued with the likeliest words, to the end of the utterance."""
        tokens = words.tokenize(prompt)
        logits = self._start(prompt)
        for _ in range(max_words):
            logits[self.vocabulary.unknown_id] = -np.inf
            chosen = int(np.argmax(logits))
            if chosen == self.vocabulary.end_id:
                break
            tokens.append(self.vocabulary.words[chosen])
            logits = self._feed(chosen)
        return " ".join(tokens)

    def perplexity(
        self,
        ids: np.ndarray,
        *,
        window: int,
        track: Callable[[Iterable], Iterable] = iter,
    ) -> float:
        """Returns the perplexity over all tokens, unknown ones included.

        The state is reset every `window` tokens, as in the validation of the Keras model, so that
        the two numbers can be compared.

        Args:
            ids: token ids of shape `(number of tokens,)`.
            window: tokens between two resets.
            track: wraps the loop over the tokens, for a progress bar.
        """
        losses = np.zeros(len(ids))
        previous = self.vocabulary.end_id
        for place in track(range(len(ids))):
            if place % window == 0:
                self.runner.reset()
            log_probabilities = self._log_probabilities(self._feed(previous))
            previous = int(ids[place])
            losses[place] = -log_probabilities[previous]
        return float(np.exp(losses.mean()))

    def _start(self, prompt: str) -> np.ndarray:
        """Resets, feeds the end of the utterance before and the prompt; returns the last logits."""
        self.runner.reset()
        logits = self._feed(self.vocabulary.end_id)
        for token in self.vocabulary.encode(words.tokenize(prompt)):
            logits = self._feed(token)
        return logits

    def _feed(self, token: int) -> np.ndarray:
        return np.array(self.runner.step([[token]]), dtype=np.float64).reshape(-1)

    @staticmethod
    def _log_probabilities(logits: np.ndarray) -> np.ndarray:
        shifted = logits - logits.max()
        return shifted - np.log(np.exp(shifted).sum())
