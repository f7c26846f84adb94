import bz2
import os
from importlib import resources

import numpy as np
import pytest

from lrkeras.datasets import words


def embedded_lines(split):
    packed = resources.files("lrkeras.datasets").joinpath(f"word_text/{split}.txt.bz2").read_bytes()
    return bz2.decompress(packed).decode().split("\n")


@pytest.fixture(scope="module")
def embedded():
    return words.load_data(num_words=2000)


@pytest.mark.parametrize(
    ("text", "tokens"),
    [
        ("I'd like 2 tickets, please.", ["i'd", "like", "2", "tickets", ",", "please", "."]),
        ("At 11:30 am?", ["at", "11", ":", "30", "am", "?"]),
        ("  Café-bar_x ", ["café", "-", "bar", "_", "x"]),
        ("'quoted'", ["'", "quoted", "'"]),
        ("", []),
    ],
)
def test_tokenize(text, tokens):
    assert words.tokenize(text) == tokens


def test_no_character_is_lost_by_tokenize():
    for line in embedded_lines("valid"):
        assert "".join(words.tokenize(line)) == "".join(line.lower().split())


def test_every_utterance_ends_once(embedded):
    train, valid, vocabulary = embedded
    for ids, split in ((train, "train"), (valid, "valid")):
        utterances = sum(1 for line in embedded_lines(split) if line)
        assert np.sum(ids == vocabulary.end_id) == utterances
        assert ids[-1] == vocabulary.end_id


def test_vocabulary_is_the_most_frequent_training_words(embedded):
    train, valid, vocabulary = embedded
    assert len(vocabulary) == 2000
    counts = np.bincount(train, minlength=2000)[2:]
    assert np.all(np.diff(counts) <= 0)
    assert valid.max() < 2000


def test_most_text_is_in_the_vocabulary(embedded):
    train, valid, vocabulary = embedded
    assert vocabulary.oov_rate(train) < 0.01
    assert vocabulary.oov_rate(valid) < 0.02


def test_encoding_is_that_of_the_text(embedded):
    _, valid, vocabulary = embedded
    first = next(line for line in embedded_lines("valid") if line)
    expected = [w if w in vocabulary.words else "<unk>" for w in words.tokenize(first)]
    assert vocabulary.decode(valid[: len(expected) + 1]) == [*expected, "<eos>"]


def test_no_dialogue_is_in_both_splits():
    train, valid = (set("\n".join(embedded_lines(s)).split("\n\n")) for s in ("train", "valid"))
    assert len(train) > 6000
    assert len(valid) > 300
    assert not train & valid


def test_embedded_text_stays_small():
    folder = resources.files("lrkeras.datasets").joinpath("word_text")
    assert sum(len(file.read_bytes()) for file in folder.iterdir()) < 600_000


def test_a_folder_in_the_ptb_layout(tmp_path):
    (tmp_path / "ptb.train.txt").write_text(" the cat sat \n the <unk> sat \n")
    (tmp_path / "ptb.valid.txt").write_text("the dog\n")
    (tmp_path / "ptb.test.txt").write_text("sat\n")
    train, valid, test, vocabulary = words.load_ptb(tmp_path)
    assert vocabulary.words == ("<unk>", "<eos>", "sat", "the", "cat")
    np.testing.assert_array_equal(train, [3, 4, 2, 1, 3, 0, 2, 1])
    np.testing.assert_array_equal(valid, [3, 0, 1])
    np.testing.assert_array_equal(test, [2, 1])


def test_characters_of_a_folder_in_the_ptb_layout(tmp_path):
    (tmp_path / "ptb.train.txt").write_text(" a  cat \n <unk> \n")
    (tmp_path / "ptb.valid.txt").write_text("act\n")
    (tmp_path / "ptb.test.txt").write_text("a b\n")
    train, valid, test, vocabulary = words.load_ptb_characters(tmp_path)
    decoded = vocabulary.decode(train)
    assert decoded == [*"a cat", "<eos>", *"<unk>", "<eos>"]
    assert vocabulary.decode(valid) == [*"act", "<eos>"]
    assert vocabulary.decode(test) == ["a", " ", "<unk>", "<eos>"]
    with pytest.raises(FileNotFoundError, match=r"nowhere.*not a folder"):
        words.load_ptb_characters(tmp_path / "nowhere")


def test_missing_folder(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"ptb\.train\.txt.*nowhere.*not a folder"):
        words.load_ptb(tmp_path / "nowhere")


def test_missing_file_is_told_before_another_is_read(tmp_path):
    (tmp_path / "ptb.train.txt").write_text("")  # reading it would be refused
    (tmp_path / "ptb.valid.txt").write_text("a\n")
    with pytest.raises(FileNotFoundError, match=r"'ptb\.test\.txt'"):
        words.load_ptb(tmp_path)


def test_missing_file_names_what_is_there(tmp_path):
    (tmp_path / "train.txt").write_text("a b\n")
    (tmp_path / "other.md").write_text("")
    with pytest.raises(FileNotFoundError, match=r"'valid\.txt'.*holds other\.md, train\.txt"):
        words.load_wikitext2(tmp_path)


@pytest.mark.parametrize("content", ["", "\n \n"])
def test_empty_file(tmp_path, content):
    (tmp_path / "train.txt").write_text(content)
    (tmp_path / "valid.txt").write_text("a\n")
    with pytest.raises(ValueError, match=r"train\.txt.*without a word"):
        words.load_wikitext2(tmp_path)


@pytest.mark.skipif("LRKERAS_PTB" not in os.environ, reason="LRKERAS_PTB names no folder")
def test_published_sizes_of_ptb():
    train, valid, test, vocabulary = words.load_ptb(os.environ["LRKERAS_PTB"])
    sizes = (len(train), len(valid), len(test), len(vocabulary))
    assert sizes == (929_589, 73_760, 82_430, 10_000)


@pytest.mark.skipif("LRKERAS_WIKITEXT2" not in os.environ, reason="LRKERAS_WIKITEXT2 is not set")
def test_published_sizes_of_wikitext2():
    train, valid, vocabulary = words.load_wikitext2(os.environ["LRKERAS_WIKITEXT2"])
    assert (len(train), len(valid), len(vocabulary)) == (2_088_628, 217_646, 33_278)


def test_lines_are_utterances_as_they_were_written():
    lines = words.load_lines("valid")
    assert all(lines) and len(lines) > 3900
    _, valid, vocabulary = words.load_data()
    assert np.sum(valid == vocabulary.end_id) == len(lines)
    assert any(character.isupper() for character in lines[0])
    with pytest.raises(ValueError, match="split"):
        words.load_lines("test")
