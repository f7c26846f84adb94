"""Multi30k in its own layout, made up."""

import gzip

import pytest

from lrkeras.datasets.multi30k import load_data

LINES = {
    "train.en": ["A dog. ", "Two cats."],
    "train.de": ["Ein Hund.", "Zwei Katzen."],
    "val.en": ["A café.\u2028", "It\x85s."],
    "val.de": ["Ein Café.", "Es."],
    "test_2016_flickr.en": ["One.", "Two."],
    "test_2016_flickr.de": ["Eins."],
}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "raw").mkdir()
    for name, lines in LINES.items():
        with gzip.open(tmp_path / "raw" / f"{name}.gz", "wt", encoding="utf-8") as file:
            file.write("".join(f"{line}\n" for line in lines))
    return tmp_path


def test_pairs_are_lines_of_two_files(folder):
    assert load_data(folder, "train") == [("A dog.", "Ein Hund."), ("Two cats.", "Zwei Katzen.")]
    assert load_data(folder, "train", "de", "en")[1] == ("Zwei Katzen.", "Two cats.")
    # Only a line feed ends a line: the two files would be shifted against one another.
    assert [pair[1] for pair in load_data(folder, "valid")] == ["Ein Café.", "Es."]


def test_what_is_not_there(folder):
    with pytest.raises(ValueError, match=r"in test_2016_flickr.de.gz .* received 1 and 2"):
        load_data(folder, "test")
    with pytest.raises(ValueError, match="'dev'"):
        load_data(folder, "dev")
    with pytest.raises(FileNotFoundError, match=r"raw/train.fr.gz"):
        load_data(folder, "train", "fr")
