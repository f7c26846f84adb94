"""Anyone's text: lines, words, and what is held out."""

import numpy as np
import pytest

from lrkeras.datasets import own_text
from lrkeras.datasets.vocabulary import Vocabulary


def _written(tmp_path, lines, encoding="utf-8"):
    path = tmp_path / "text.txt"
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def _lines(count=1000):
    rng = np.random.default_rng(0)
    words = ["l'été", "Straße", "где", "привет", "né", "jour", "très", "42", "!"]
    rare = ["".join(chr(97 + int(digit)) for digit in f"{n:05}") for n in range(count)]
    return [f"{n} {' '.join(rng.choice(words, 5))} {rare[n]}" for n in range(count)]


def test_a_twentieth_is_held_out_in_blocks(tmp_path):
    lines = _lines()
    text = own_text.load_data(_written(tmp_path, lines))
    ends = [int((ids == text.vocabulary.end_id).sum()) for ids in (text.train, text.valid["text"])]
    assert ends == [950, 50]
    # Words that are there once are unknown, numbers are one word, letters are small ones.
    words = set(text.vocabulary.words)
    assert {"<unk>", "<eos>", "<num>", "l'été", "straße", "где", "!"} == words - {
        "привет",
        "né",
        "jour",
        "très",
    }
    assert text.vocabulary.oov_rate(text.train) > 0.1
    assert len(own_text.load_data(_written(tmp_path, lines), num_words=6).vocabulary) == 6


def test_lines_of_before_do_not_judge(tmp_path):
    lines = _lines()
    for number in range(0, 1000, 2):
        lines[number] = "bonjour à tous"
    text = own_text.load_data(_written(tmp_path, lines))
    decoded = text.vocabulary.decode(text.valid["text"])
    assert "bonjour" not in decoded and "bonjour" in text.vocabulary.words
    assert decoded.count("<eos>") == 30  # of each block of five the three odd ones


def test_accents_marks_and_line_ends_of_any_system(tmp_path):
    lines = _lines(200)
    path = tmp_path / "text.txt"
    decomposed = [line.replace("é", "e\u0301") for line in lines]
    path.write_bytes(("\ufeff" + "\r\n\r\n".join(decomposed)).encode("utf-8"))
    assert own_text.load_lines(path) == lines


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("ünïcode\n".encode("latin-1") * 200, "UTF-8 text .* in line 1"),
        (b"a\n" * 300 + "é\n".encode("latin-1"), "in line 301"),
        (b"\0\1\2" * 500, "bytes of zero"),
        (b"one line\n", "at least 100 lines .* received 1"),
        (b"", "received 0"),
        (b"1 2 3\n4 5\n" * 100, "uses no word twice"),
        (b"the same again\n" * 500, "every line is there several times"),
    ],
)
def test_what_is_no_text_is_refused(tmp_path, content, message):
    path = tmp_path / "text.txt"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=message):
        own_text.load_data(path)


def test_no_file_and_no_room(tmp_path):
    with pytest.raises(FileNotFoundError):
        own_text.load_data(tmp_path / "none.txt")
    with pytest.raises(ValueError, match="at least 4, three of them special; received 3"):
        own_text.load_data(_written(tmp_path, _lines()), num_words=3)


def test_usual_spellings_by_hand(tmp_path):
    file = tmp_path / "text.txt"
    lines = ["Der Hund sah Anna.", "Hund und HUND? Laufen! »Sehen wir den Hund« (das Laufen)",
             "Wir laufen, Anna. Zum laufen laufen", "anna und der TV, Anna"]  # fmt: skip
    file.write_text("\n".join(lines * 30), encoding="utf-8")
    words = ["hund", "sah", "anna", "und", "laufen", "sehen", "wir", "den", "das", "tv", "der"]
    vocabulary = Vocabulary(["<unk>", "<eos>", *words])
    # Inside of sentences: Hund twice and HUND once, laufen three times and Laufen once.
    assert sorted(own_text.usual_spellings(file, vocabulary)) == ["Anna", "Hund", "TV"]
