"""Reading and cutting corpora of intents."""

import hashlib
import json

import pytest

from lrkeras.datasets import intents
from lrkeras.datasets.utterance import Utterance


def bucket(text):
    return int.from_bytes(hashlib.sha256(text.encode()).digest(), "big") % 10


def write_snips(folder, part, lines, name="snips"):
    target = folder / "atis-snips" / name / part
    target.mkdir(parents=True)
    for file, column in (("seq.in", 0), ("seq.out", 1), ("label", 2)):
        (target / file).write_text("".join(f"{line[column]}\n" for line in lines))


TRAIN = [(f"Play song {n}", "O O B-song", "PlayMusic") for n in range(60)]


def test_a_tenth_by_the_hash_of_the_sentence_validates_and_what_was_given_tests(tmp_path):
    # The first training sentence is a test sentence as well, the last is there twice.
    write_snips(tmp_path, "train", [*TRAIN, TRAIN[-1]])
    write_snips(tmp_path, "valid", [("play song 0", "O O B-song", "PlayMusic")])
    train, valid, test = intents.load("snips", tmp_path)
    assert [one.words for one in test] == [("play", "song", "0")]
    rest = [f"play song {n}" for n in range(1, 60)] + ["play song 59"]
    assert [" ".join(one.words) for one in valid] == [s for s in rest if bucket(s) == 0]
    assert [" ".join(one.words) for one in train] == [s for s in rest if bucket(s) != 0]
    assert 0 < len(valid) < 20
    assert train[0].slots == ("O", "O", "B-song")


def test_clinc150_is_split_into_words_without_what_is_out_of_scope(tmp_path):
    (tmp_path / "clinc150").mkdir()
    parts = {"train": [["What's my balance?", "balance"]], "val": [["hi", "greeting"]]}
    parts["oos_train"] = [["odd", "oos"]]
    (tmp_path / "clinc150" / "data_dev.json").write_text(json.dumps(parts))
    train, valid, test = intents.load("clinc150", tmp_path)
    assert [*train, *valid] == [Utterance(("what's", "my", "balance", "?"), "balance")]
    assert test == [Utterance(("hi",), "greeting")]


def test_banking77_is_cut_in_three_by_the_hash(tmp_path):
    (tmp_path / "banking77").mkdir()
    texts = [f"card {n} lost" for n in range(80)]
    rows = "".join(f"{text},lost_card\n" for text in texts)
    (tmp_path / "banking77" / "train.csv").write_text(f"text,category\n{rows}")
    found = [[" ".join(one.words) for one in part] for part in intents.load("banking77", tmp_path)]
    wanted = [
        [text for text in texts if bucket(text) in buckets]
        for buckets in (range(3, 10), (0,), (1, 2))
    ]
    assert found == wanted and all(wanted)


def test_what_is_wrong_is_said(tmp_path):
    with pytest.raises(ValueError, match=r"atis, snips, clinc150, banking77; received 'snip'"):
        intents.load("snip", tmp_path)
    with pytest.raises(FileNotFoundError, match=r"atis-snips/atis/train/seq.in"):
        intents.load("atis", tmp_path)
    write_snips(tmp_path, "train", TRAIN)
    label = tmp_path / "atis-snips" / "snips" / "train" / "label"
    label.write_text("PlayMusic\n")
    with pytest.raises(ValueError, match=r"as many lines.*\[60, 60, 1\]"):
        intents.load("snips", tmp_path)


def test_an_utterance_has_words_and_a_tag_for_each():
    with pytest.raises(ValueError, match="a tag for each of 2 words; received 1 for 'a b'"):
        Utterance(("a", "b"), "x", ("O",))
    with pytest.raises(ValueError, match="with a word"):
        Utterance((), "x")
