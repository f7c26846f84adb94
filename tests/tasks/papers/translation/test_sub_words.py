"""Texts as ids and back, and what needs no model."""

import numpy as np
import pytest

from lrkeras.system import optional_imports
from lrkeras.tasks.papers.translation.baselines import baseline_bleu, nearest_translations
from lrkeras.tasks.papers.translation.sub_words import END, PADDING, START, SubWords, padded


def test_texts_come_back(corpus):
    texts = [text for pair in corpus.train for text in pair]
    ids = corpus.sub_words.encode(texts)
    assert corpus.sub_words.decode(ids) == texts
    assert len(corpus.sub_words) == 200
    assert min(map(min, ids)) > END and max(map(max, ids)) < 200


def test_start_end_and_padding_are_no_text(corpus):
    text = corpus.train[0][1]
    (ids,) = corpus.sub_words.encode([text])
    assert corpus.sub_words.decode([[START, *ids, END, PADDING], [], [END]]) == [text, "", ""]


def test_a_vocabulary_is_kept_as_bytes(corpus):
    again = SubWords(corpus.sub_words.proto)
    texts = [source for source, _ in corpus.test]
    assert again.encode(texts) == corpus.sub_words.encode(texts)


def test_rows_are_cut_and_padded():
    np.testing.assert_array_equal(padded([[7, 8, 9], [5]], 2), [[7, 8], [5, 0]])


def test_without_keras_hub_a_line_says_how_to_get_it(monkeypatch):
    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}", name=name)

    monkeypatch.setattr(optional_imports.importlib, "import_module", missing)
    with pytest.raises(ImportError, match=r'`keras_hub`.*pip install "lrkeras\[translation\]"'):
        SubWords(b"")


def test_the_nearest_training_sentence_is_translated(corpus):
    texts = ["Today a dog sits alone.", "a dog sits alone", "A woman calls loudly."]
    dog, other, woman = nearest_translations(corpus, texts)
    assert dog == "Heute sitzt ein Hund allein."
    assert other.endswith("sitzt ein Hund allein.")
    assert "ruft eine Frau laut" in woman


def test_baselines_are_between_nothing_and_all(corpus):
    bleu = baseline_bleu(corpus)
    # Of English words only those of German texts too are right: here none but the full stop.
    assert bleu["copy"] < 2 < bleu["nearest"] < 100
