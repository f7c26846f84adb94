import collections

import numpy as np
import pytest

from lrkeras.datasets import keyboard_text

FILES = {
    "sgd-text/train.tsv": "1\tUSER\tBook it, please.\n1\tSYSTEM\tOnly systems say this.\n",
    "sgd-text/dev.tsv": "2\tUSER\tBook 12 tables\n",
    "fra-eng/train.tsv": "I know.\tJe sais.\nI know.\tJe le sais.\nIt is a book.\tLivre.\n",
    "fra-eng/valid.tsv": "I read.\tJe lis.\n",
    "wikitext-2/train.txt": " \n = Title = \n He didn 't read the <unk> book @-@ list . \n",
    "wikitext-2/valid.txt": " He read . \n",
    "nus-sms/nus_sms_en.dev.tsv": (
        "message_id\tuser\tinput_method\tsuggested_split\ttext\n"
        '7\tu1\tx\tvalid\tSay "hi\n8\tu2\tx\ttest\tOk lor\n9\tu1\tx\tvalid\tBye\n'
    ),
}


@pytest.fixture
def folder(tmp_path):
    for name, text in FILES.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_lines_of_all_sources_are_mixed_and_ended(folder):
    text = keyboard_text.load_data(folder, 100)
    words = text.vocabulary.words
    lines = " ".join(text.vocabulary.decode(text.train)).split(" <eos>")
    assert sorted(line.strip() for line in lines) == [
        "",
        "book it , please .",
        "he didn't read the <unk> book - list .",
        "i know .",  # once, though it has two translations
        "it is a book .",
    ]
    assert words[:3] == ("<unk>", "<eos>", "<num>")
    assert "only" not in words
    assert "title" not in words
    decoded = {source: text.vocabulary.decode(ids) for source, ids in text.valid.items()}
    assert decoded == {
        "dialogues": ["book", "<num>", "<unk>", "<eos>"],
        "sentences": ["i", "read", ".", "<eos>"],
        "articles": ["he", "read", ".", "<eos>"],
    }


def test_vocabulary_goes_by_the_mean_share_of_the_sources(folder):
    # Of 5, 9 and 9 tokens: "." 1/5 + 2/9 + 1/9, "book" 1/5 + 1/9 + 1/9, then two of 1/5 + 1/9
    # or less: "," "please" 1/5, "it" 1/5 + 1/9.
    found = keyboard_text.load_data(folder, 6).vocabulary.words
    assert found == ("<unk>", "<eos>", "<num>", ".", "book", "it")


def test_order_goes_by_the_seed(folder):
    first, again, other = (keyboard_text.load_data(folder, 50, seed=s).train for s in (1, 1, 4))
    np.testing.assert_array_equal(first, again)
    assert sorted(first) == sorted(other)


def test_lines_of_a_source_may_be_repeated(folder):
    text = keyboard_text.load_data(folder, 100, repeats=(2, 0, 1))
    lines = " ".join(text.vocabulary.decode(text.train)).split(" <eos>")
    assert sorted(line.strip() for line in lines if line) == [
        "book it , please .",
        "book it , please .",
        "he didn't read the <unk> book - list .",
    ]
    assert text.vocabulary.words == keyboard_text.load_data(folder, 100).vocabulary.words
    for repeats in ((1, 1), (-1, 1, 1), (0, 0, 0)):
        with pytest.raises(ValueError, match=r"Expected repeats of 3 numbers.* received"):
            keyboard_text.load_data(folder, 100, repeats=repeats)


def test_a_share_of_the_lines_is_written_as_in_chats(folder):
    lines = "".join(f"Thank you for book {number}.\tMerci.\n" for number in "abcdefghij" * 2)
    (folder / "fra-eng" / "train.tsv").write_text(lines)
    plain = keyboard_text.load_data(folder, 2000, repeats=(0, 1, 0))
    chats = keyboard_text.load_data(folder, 2000, repeats=(0, 30, 0), chat_rate=0.5)
    again = keyboard_text.load_data(folder, 2000, repeats=(0, 30, 0), chat_rate=0.5)
    np.testing.assert_array_equal(chats.train, again.train)
    words = collections.Counter(chats.vocabulary.decode(chats.train))
    assert "u" not in plain.vocabulary.words
    assert 10 < words["u"] < words["you"]
    # Spellings that no line happened to get are words as well; validation text stays as it is.
    assert {"tmr", "dunno", "lah"} <= set(chats.vocabulary.words)
    for source in keyboard_text.SOURCES:
        one, other = (text.vocabulary.decode(text.valid[source]) for text in (plain, chats))
        assert one == other
    # Copies of a line are written each in its own way.
    assert len(set(" ".join(chats.vocabulary.decode(chats.train)).split(" <eos> "))) > 50


def test_no_room_or_no_share(folder):
    with pytest.raises(ValueError, match=r"at least \d+.*adds \d+ words.*received 300"):
        keyboard_text.load_data(folder, 300, chat_rate=0.3)
    with pytest.raises(ValueError, match=r"chat_rate from 0 to 1; received 1\.5"):
        keyboard_text.load_data(folder, 3000, chat_rate=1.5)


def test_messages_of_a_split_by_user(folder):
    assert keyboard_text.load_messages(folder) == {"u1": ['Say "hi', "Bye"]}
    assert keyboard_text.load_messages(folder / "nus-sms", "test") == {"u2": ["Ok lor"]}
    with pytest.raises(ValueError, match="received 'dev'"):
        keyboard_text.load_messages(folder, "dev")


def test_lines_of_one_source(folder):
    assert keyboard_text.load_lines(folder, "dialogues") == [["book", "<num>", "tables"]]
    with pytest.raises(ValueError, match="received 'poems'"):
        keyboard_text.load_lines(folder, "poems")


def test_missing_files_are_named(folder):
    (folder / "fra-eng" / "valid.tsv").unlink()
    with pytest.raises(FileNotFoundError, match=r"valid\.tsv"):
        keyboard_text.load_data(folder)
    with pytest.raises(ValueError, match="at least 4"):
        keyboard_text.load_data(folder, 3)


def test_missing_files_are_told_before_the_others_are_read(folder, monkeypatch):
    read = []
    readers = {name: lambda *given: read.append(given) or [] for name in keyboard_text.SOURCES}
    monkeypatch.setattr(keyboard_text, "_READERS", readers)
    (folder / "wikitext-2" / "valid.txt").unlink()
    with pytest.raises(FileNotFoundError, match=r"wikitext-2/valid\.txt"):
        keyboard_text.load_data(folder)
    assert not read


def test_tokens_of_typed_text():
    assert keyboard_text.tokenize("Can\u2019t  w8\n:)") == [
        "can't",
        "w",
        "<num>",
        "<eos>",
        ":",
        ")",
    ]
