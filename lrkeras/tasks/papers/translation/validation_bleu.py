"""The BLEU of the validation sentences, epoch by epoch."""

from __future__ import annotations

import keras

from lrkeras.tasks.papers.translation.greedy import translate
from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus
from lrkeras.tasks.papers.translation.translation_scores import TranslationScores


class ValidationBleu(keras.callbacks.Callback):
    """Adds `val_bleu` to the logs of an epoch: greedy translations of the Keras model.

    Put it before whatever writes logs.

    Args:
        corpus: whose validation sentences are read.
        longest: sub-words of a translation at most.
    """

    def __init__(self, corpus: PairCorpus, longest: int) -> None:
        super().__init__()
        self._corpus, self._longest = corpus, longest

    def on_epoch_end(self, epoch, logs=None) -> None:
        if logs is not None:
            logs["val_bleu"] = validation_bleu(self.model, self._corpus, self._longest)


def validation_bleu(model: keras.Model, corpus: PairCorpus, longest: int) -> float:
    """The BLEU of greedy translations of the validation sentences."""
    sources, references = zip(*corpus.valid, strict=True)
    ids = translate(model, corpus.sub_words.encode(sources), longest)
    return TranslationScores.of(corpus.sub_words.decode(ids), references).bleu
