"""Translations that nobody needs a model for."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import scipy.sparse

from lrkeras.tasks.papers.translation.pair_corpus import PairCorpus
from lrkeras.tasks.papers.translation.translation_scores import TranslationScores


def baseline_bleu(corpus: PairCorpus) -> dict[str, float]:
    """The BLEU, on the test part, of what needs no training.

    Returns:
        `copy`: the source itself; `nearest`: the translation of the training sentence that is most
        like it.
    """
    sources, references = map(list, zip(*corpus.test, strict=True))
    given = {"copy": sources, "nearest": nearest_translations(corpus, sources)}
    return {name: TranslationScores.of(texts, references).bleu for name, texts in given.items()}


def nearest_translations(corpus: PairCorpus, texts: Sequence[str]) -> list[str]:
    """The translation of the training sentence most like each text.

    Alike is the cosine of the sub-words' counts, rare ones heavier: times the logarithm of the
    number of training sentences over those that have the sub-word.
    """
    known = _counts(corpus, [source for source, _ in corpus.train])
    having = np.asarray((known > 0).sum(0)).ravel()
    weights = np.log((1 + len(corpus.train)) / (1 + having))
    rows, columns = (
        _of_length_one(found.multiply(weights).tocsr()) for found in (_counts(corpus, texts), known)
    )
    nearest = np.asarray((rows @ columns.T).argmax(1)).ravel()
    return [corpus.train[place][1] for place in nearest]


def _counts(corpus: PairCorpus, texts: Sequence[str]) -> scipy.sparse.csr_matrix:
    """How often each text has each sub-word, `(texts, sub-words)`."""
    ids = corpus.sub_words.encode(texts)
    rows = np.repeat(np.arange(len(ids)), [len(row) for row in ids])
    columns = np.concatenate([np.array(row, int) for row in ids])
    shape = (len(ids), len(corpus.sub_words))
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, columns)), shape)


def _of_length_one(rows: scipy.sparse.csr_matrix) -> scipy.sparse.csr_matrix:
    lengths = np.sqrt(np.asarray(rows.multiply(rows).sum(1)).ravel())
    return scipy.sparse.diags(1 / np.maximum(lengths, 1e-9)) @ rows
