"""CMU AN4: its files and its speakers."""

import os
import struct

import numpy as np
import pytest

from lrkeras.datasets import an4


def write_cepstra(file, frames, count=None):
    """A Sphinx file, written number by number."""
    numbers = [float(n) for frame in frames for n in frame]
    content = struct.pack(">i", len(numbers) if count is None else count)
    content += b"".join(struct.pack(">f", n) for n in numbers)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)


FRAMES = [[10 * t + k + 0.5 for k in range(13)] for t in range(4)]


def test_cepstra_are_read_as_they_were_written(tmp_path):
    write_cepstra(tmp_path / "a.mfc", FRAMES)
    found = an4.read_cepstra(tmp_path / "a.mfc")
    assert found.dtype == np.float32
    np.testing.assert_array_equal(found, FRAMES)


@pytest.mark.parametrize("count", [51, 53])
def test_a_damaged_file_is_refused(tmp_path, count):
    write_cepstra(tmp_path / "a.mfc", FRAMES, count)
    with pytest.raises(ValueError, match=rf"says {count} and holds 52"):
        an4.read_cepstra(tmp_path / "a.mfc")


def corpus(folder):
    """Two utterances of a validation speaker, one each of two others."""
    ids = ["x/mdcs/a1", "x/mdcs2/a2", "x/fash/a3", "x/msrb/a4"]
    (folder / "etc").mkdir()
    (folder / "etc/an4_train.fileids").write_text("\n".join(ids) + "\n")
    lines = ["GO (a1)", "O L K F (a2)", "<s> YES </s> (a3)", "SIXTY ONE (a4)"]
    (folder / "etc/an4_train.transcription").write_text("\n".join(lines) + "\n")
    for number, name in enumerate(ids):
        write_cepstra(folder / "feat" / f"{name}.mfc", FRAMES[: number + 1])
    return folder


def test_a_split_has_the_utterances_of_its_speakers(tmp_path):
    folder = corpus(tmp_path)
    valid = an4.load_data(folder, "valid")
    assert [(one.name, one.speaker, one.text) for one in valid] == [
        ("a1", "mdcs", "GO"),
        ("a2", "mdcs2", "O L K F"),
    ]
    assert valid[1].cepstra.shape == (2, 13)
    # SHA-256 of "fash" begins with a74ce951ab2bcb68, which is 5 modulo 7; of "msrb" it is 0.
    assert [one.text for one in an4.load_data(folder, "train")] == ["YES"]
    assert [one.text for one in an4.load_data(folder, "test")] == ["SIXTY ONE"]


def test_an_unknown_split_and_a_wrong_folder_are_refused(tmp_path):
    with pytest.raises(ValueError, match="received 'dev'"):
        an4.load_data(tmp_path, "dev")
    with pytest.raises(FileNotFoundError, match=r"an4_train\.transcription"):
        an4.load_data(tmp_path, "train")


@pytest.mark.skipif("LRKERAS_AN4" not in os.environ, reason="LRKERAS_AN4 names no folder")
def test_the_corpus_itself():
    splits = {split: an4.load_data(os.environ["LRKERAS_AN4"], split) for split in an4.SPLITS}
    # 948 utterances of 74 speakers, says its documentation.
    assert sum(map(len, splits.values())) == 948
    speakers = [{one.speaker for one in found} for found in splits.values()]
    assert sum(map(len, speakers)) == len(set.union(*speakers)) == 74
    initials = [{name.rstrip("2") for name in found} for found in speakers]
    assert sum(map(len, initials)) == len(set.union(*initials))
