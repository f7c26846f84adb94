"""Sentences with intents, and with slots, from folders that the caller names.

None of these corpora comes with a test part that everybody may see, so each is cut the same way:
what is given as its validation part is the test part here, and a tenth of the training sentences
validates: those whose `bucket_of` is 0. BANKING77 is one file: there a tenth validates and two
tenths test. Cutting by the sentence keeps what is there twice in one part; training sentences that
the test part has too are left out.
"""

from __future__ import annotations

import csv
import hashlib
import json
import pathlib
from collections.abc import Callable, Sequence

from lrkeras.datasets.utterance import Utterance
from lrkeras.datasets.words import tokenize

Parts = tuple[list[Utterance], list[Utterance], list[Utterance]]
_BUCKETS = 10


def load(name: str, path: str | pathlib.Path) -> Parts:
    """Loads a corpus.

    Args:
        name: `"atis"`, `"snips"`, `"clinc150"` or `"banking77"`.
        path: the folder that holds the folders `atis-snips`, `clinc150` and `banking77`; that of
            the corpus is enough.

    Returns:
        `(train, valid, test)`, with no sentence in two of them.

    Raises:
        ValueError: there is no such corpus, or a file is not in its form.
        FileNotFoundError: a file is missing.
    """
    if name not in LOADERS:
        raise ValueError(f"Expected one of {', '.join(LOADERS)}; received {name!r}.")
    return LOADERS[name](pathlib.Path(path))


def bucket_of(words: Sequence[str]) -> int:
    """A number from 0 to 9 that a sentence has everywhere: its SHA-256, modulo ten."""
    digest = hashlib.sha256(" ".join(words).encode()).hexdigest()
    return int(digest, 16) % _BUCKETS


def read_clinc150(path: str | pathlib.Path) -> dict[str, list[tuple[str, str]]]:
    """Reads `clinc150/data_dev.json`: pairs of sentence and intent by part, `train` and `val`.

    Raises:
        FileNotFoundError: it is not there.
    """
    text = _file(path, "clinc150/data_dev.json").read_text(encoding="utf-8")
    return {part: [(s, i) for s, i in rows] for part, rows in json.loads(text).items()}


def _load_slots(path: pathlib.Path, name: str) -> Parts:
    train, test = (_read_slots(path, f"atis-snips/{name}/{part}") for part in ("train", "valid"))
    return _cut(train, test)


def _read_slots(path: pathlib.Path, folder: str) -> list[Utterance]:
    """Reads the files `seq.in`, `seq.out` and `label` of Goo et al. 2018, a line a sentence."""
    files = [_file(path, f"{folder}/{name}") for name in ("seq.in", "seq.out", "label")]
    lines = [file.read_text(encoding="utf-8").splitlines() for file in files]
    counts = [len(one) for one in lines]
    if len(set(counts)) != 1:
        raise ValueError(
            f"Expected as many lines in seq.in, seq.out and label of {folder}; received {counts}."
        )
    return [
        Utterance(tuple(words.lower().split()), intent.strip(), tuple(slots.split()))
        for words, slots, intent in zip(*lines, strict=True)
    ]


def _load_clinc150(path: pathlib.Path) -> Parts:
    parts = read_clinc150(path)
    train, test = (
        [Utterance(tuple(tokenize(text)), intent) for text, intent in parts[part]]
        for part in ("train", "val")
    )
    return _cut(train, test)


def _load_banking77(path: pathlib.Path) -> Parts:
    with open(_file(path, "banking77/train.csv"), newline="", encoding="utf-8") as rows:
        every = [
            Utterance(tuple(tokenize(row["text"])), row["category"]) for row in csv.DictReader(rows)
        ]
    test = [one for one in every if bucket_of(one.words) in (1, 2)]
    return _cut(every, test)


LOADERS: dict[str, Callable[[pathlib.Path], Parts]] = {
    "atis": lambda path: _load_slots(path, "atis"),
    "snips": lambda path: _load_slots(path, "snips"),
    "clinc150": _load_clinc150,
    "banking77": _load_banking77,
}


def _cut(train: Sequence[Utterance], test: list[Utterance]) -> Parts:
    """A tenth of the training sentences, the test part apart, validates."""
    tested = {one.words for one in test}
    rest = [one for one in train if one.words not in tested]
    valid = [one for one in rest if bucket_of(one.words) == 0]
    return [one for one in rest if bucket_of(one.words) != 0], valid, test


def _file(path: str | pathlib.Path, name: str) -> pathlib.Path:
    file = pathlib.Path(path) / name
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected the file {name} in the folder {str(path)!r}; it is not there. Pass the "
            "folder into which the corpora were unpacked."
        )
    return file
