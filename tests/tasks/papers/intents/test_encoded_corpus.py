import dataclasses

import numpy as np
import pytest

from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.rows import config_of
from lrkeras.tasks.papers.intents.sentence_batches import SentenceBatches


def test_numbers_of_words_intents_and_tags(corpora):
    corpus = EncodedCorpus.load(config_of("snips"), corpora)
    assert corpus.vocabulary.words[:2] == ("<eos>", "<unk>")
    assert corpus.intents == ("Music", "Weather")
    assert corpus.tags[0] == "O"
    assert set(corpus.tags[1:]) == {f"{m}-{k}" for m in "BI" for k in ("artist", "city", "time")}
    words = corpus.words_of(corpus.test[:3])
    for row, one in zip(words, corpus.test, strict=False):
        known = [word if word in corpus.vocabulary.words else "<unk>" for word in one.words]
        assert corpus.vocabulary.decode(row) == known + ["<eos>"] * (words.shape[1] - len(known))
    tags = corpus.tags_of(corpus.train[:1], 9)[0]
    slots = corpus.train[0].slots
    assert [corpus.tags[number] for number in tags] == [*slots, *["O"] * (9 - len(slots))]


def test_words_that_are_rare_or_beyond_the_limit_are_left_out(corpora):
    config = dataclasses.replace(config_of("snips"), least_count=15, max_words=2)
    corpus = EncodedCorpus.load(config, corpora)
    counts = {}
    for one in corpus.train:
        for word in one.words:
            counts[word] = counts.get(word, 0) + 1
    assert set(corpus.vocabulary.words[2:]) == {w for w, count in counts.items() if count >= 15}
    assert corpus.words_of(corpus.valid).shape[1] == 2


def test_the_usual_intent_is_that_of_the_training_part(corpora):
    corpus = EncodedCorpus.load(config_of("snips"), corpora)
    train = [one.intent for one in corpus.train]
    usual = max(("Music", "Weather"), key=train.count)
    wanted = [one.intent for one in corpus.test].count(usual) / len(corpus.test)
    assert corpus.majority_accuracy(corpus.test) == pytest.approx(wanted)


def test_a_corpus_needs_a_folder():
    with pytest.raises(ValueError, match="received no folder"):
        EncodedCorpus.load(config_of("atis"), None)


def test_batches_have_every_sentence_once_in_the_order_of_the_epoch(corpora):
    corpus = EncodedCorpus.load(config_of("snips"), corpora)
    batches = SentenceBatches(corpus, 8, seed=3)
    orders = []
    for epoch in (0, 1, 0):
        batches.epoch = epoch
        found = [batches[n] for n in range(len(batches))]
        words = [tuple(row[row > 0]) for batch, _ in found for row in batch]
        wanted = [tuple(corpus.vocabulary.encode(one.words)) for one in corpus.train]
        assert sorted(words) == sorted(wanted)
        orders.append(words)
        # Keras looks at two batches to see what all have in common.
        assert found[0][0].shape[1] != found[1][0].shape[1]
    assert orders[0] == orders[2] != orders[1]


def test_targets_are_those_of_the_words_beside_them(corpora):
    corpus = EncodedCorpus.load(config_of("snips"), corpora)
    words, targets = SentenceBatches(corpus, 8, seed=3)[2]
    by_words = {tuple(corpus.vocabulary.encode(one.words)): one for one in corpus.train}
    for row, intent, tags in zip(words, targets["intent"], targets["slots"], strict=True):
        one = by_words[tuple(row[row > 0])]
        assert corpus.intents[intent] == one.intent
        assert [corpus.tags[number] for number in tags[: len(one.words)]] == list(one.slots)
    assert words.dtype == np.int32
