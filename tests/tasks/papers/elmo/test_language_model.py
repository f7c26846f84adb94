import keras
import numpy as np
import pytest

from lrkeras.datasets import Vocabulary
from lrkeras.tasks.papers.elmo.character_ids import character_ids
from lrkeras.tasks.papers.elmo.elmo_text import ElmoText
from lrkeras.tasks.papers.elmo.language_model import BILM, OUTPUT, language_model, perplexities
from lrkeras.tasks.papers.elmo.rows import config_of

CONFIG = config_of("elmo_tiny")


def text_of(train, num_words=4):
    vocabulary = Vocabulary(["<unk>", "<eos>", "the", "dog", "cat"])
    characters = character_ids(vocabulary.words, CONFIG.characters)
    ids = np.array(train, np.int32)
    return ElmoText(ids, ids, ids, vocabulary, characters, num_words)


def test_a_unigram_by_hand():
    # Of 4 words, the cat among the unknown: 2, 0, 3 and 1 times, and one more each.
    text = text_of([2, 2, 4, 3, 2, 0])
    shares = np.array([3, 1, 4, 2]) / 10
    wanted = np.exp(-np.mean(np.log(shares[[2, 3, 0]])))
    np.testing.assert_allclose(text.unigram_perplexity(np.array([2, 3, 4])), wanted, rtol=1e-12)


def test_the_perplexity_counts_each_word_once_in_each_direction():
    keras.utils.set_random_seed(11)
    rng = np.random.default_rng(12)
    text = text_of(rng.integers(0, 5, 12 + 11 * 18))
    model = language_model(CONFIG, text.num_words)
    found = perplexities(model, CONFIG, text, text.train)
    bilm, output = model.get_layer(BILM), model.get_layer(OUTPUT)
    table, bias = (keras.ops.convert_to_numpy(w).astype(np.float64) for w in output.weights)
    nats = {"forward": [], "backward": []}
    for first in range(0, len(text.train) - 11, 11):
        ids = text.train[first : first + 12]
        top = bilm.predict_on_batch(text.characters[ids][None])[0, :, -1]
        words = np.where(ids < 4, ids, 0)
        for way, hidden, after in (
            ("forward", top[:-1, : CONFIG.projection], words[1:]),
            ("backward", top[1:, CONFIG.projection :], words[:-1]),
        ):
            logits = hidden @ table.T + bias
            nats[way] += list(np.log(np.exp(logits).sum(1)) - logits[np.arange(11), after])
    assert len(nats["forward"]) == len(text.train) - 1
    for way, losses in nats.items():
        np.testing.assert_allclose(found[way], np.exp(np.mean(losses)), rtol=1e-5)


def test_a_text_shorter_than_a_window_is_refused():
    text = text_of([2, 3, 4])
    with pytest.raises(ValueError, match="at least 12 words"):
        perplexities(language_model(CONFIG, 4), CONFIG, text, text.train)


def test_wikitext_is_asked_for_where_it_is_missing(tmp_path):
    with pytest.raises(ValueError, match="received no folder"):
        ElmoText.load(config_of("elmo"), None)
    with pytest.raises(FileNotFoundError):
        ElmoText.load(config_of("elmo"), tmp_path)


def test_the_validation_part_is_halved(tmp_path):
    folder = tmp_path / "wikitext-2"
    folder.mkdir()
    (folder / "train.txt").write_text("a b a\n\nc a b\n")
    (folder / "valid.txt").write_text("a b c\nb\n")
    text = ElmoText.load(config_of("elmo"), tmp_path)
    words = text.vocabulary.decode
    assert words(text.valid) + words(text.test) == ["a", "b", "c", "<eos>", "b", "<eos>"]
    assert len(text.valid) == 3
    assert words(text.train)[:3] == ["a", "b", "a"]
