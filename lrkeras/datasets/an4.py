"""CMU AN4 (Acero 1991): spelled names, numbers and dates by 74 speakers, as cepstra.

The corpus is free for any use (CMU, BSD-like). It does not come with the package. The files of its
own test speakers are not in every copy, so the test split here is of training speakers.
"""

from __future__ import annotations

import hashlib
import os
import pathlib
import re

import numpy as np

from lrkeras.datasets.spoken_utterance import SpokenUtterance

COEFFICIENTS = 13
TRANSCRIPTS, FILE_IDS = "etc/an4_train.transcription", "etc/an4_train.fileids"
SPLITS = ("train", "valid", "test")
_VALID = frozenset(("flmm", "mdcs", "mdmc", "mkem", "mmaf", "mmdg"))
# One speaker in so many is one of the test.
_TEST_SHARE = 7


def split_of(speaker: str) -> str:
    """The split of a speaker.

    Six validation speakers are given; of the others about one in seven, by the SHA-256 of the
    initials, is a test speaker. Names that differ in a digit at the end alone (`mdcs`, `mdcs2`)
    stay together, as they may be one person.
    """
    initials = speaker.rstrip("0123456789")
    if initials in _VALID:
        return "valid"
    digest = hashlib.sha256(initials.encode("ascii")).digest()
    return "test" if int.from_bytes(digest[:8], "big") % _TEST_SHARE == 0 else "train"


def load_data(folder: str | os.PathLike, split: str) -> list[SpokenUtterance]:
    """Loads the utterances of a split, in the order of the corpus.

    Args:
        folder: holds `etc/` and `feat/`.
        split: `"train"`, `"valid"` or `"test"`, of different speakers.

    Raises:
        ValueError: there is no such split, or a file is not as it should be.
        FileNotFoundError: the folder does not hold the corpus.
    """
    if split not in SPLITS:
        raise ValueError(f"split must be one of {SPLITS}; received {split!r}.")
    folder = pathlib.Path(folder)
    missing = [name for name in (TRANSCRIPTS, FILE_IDS) if not (folder / name).is_file()]
    if missing:
        raise FileNotFoundError(
            f"Expected {' and '.join(missing)} in {os.fspath(folder)!r}; nothing is there. Pass "
            "the folder into which CMU AN4 was unpacked."
        )
    texts = _texts(folder / TRANSCRIPTS)
    found = []
    for file_id in (folder / FILE_IDS).read_text(encoding="ascii").split():
        *_, speaker, name = file_id.split("/")
        if split_of(speaker) == split:
            cepstra = read_cepstra(folder / "feat" / f"{file_id}.mfc")
            found.append(SpokenUtterance(name, speaker, texts[name], cepstra))
    return found


def read_cepstra(file: str | os.PathLike) -> np.ndarray:
    """Reads a Sphinx feature file, float32 of shape `(frames, 13)`.

    It is a big-endian int32, the number of the float32 after it, and these, big-endian too.

    Raises:
        ValueError: the file has not as many numbers as it says, or no whole frames.
    """
    content = pathlib.Path(file).read_bytes()
    said = int.from_bytes(content[:4], "big")
    there = (len(content) - 4) / 4
    if said != there or said % COEFFICIENTS:
        raise ValueError(
            f"Expected a Sphinx file of whole frames of {COEFFICIENTS} float32; received "
            f"{os.fspath(file)!r}, which says {said} and holds {there:g}. Copy it again."
        )
    return np.frombuffer(content, ">f4", offset=4).reshape(-1, COEFFICIENTS).astype(np.float32)


def _texts(file: pathlib.Path) -> dict[str, str]:
    """What was said by the names of the recordings; lines are `WORDS (name)`."""
    found = re.findall(r"^(?:<s> )?(.*?)(?: </s>)? \((\S+)\)$", file.read_text("ascii"), re.M)
    return {name: text for text, name in found}
