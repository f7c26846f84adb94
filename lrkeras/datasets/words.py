"""Running text for next-word prediction.

`load_data` reads the text that comes with the package: the user's side of task-oriented dialogues,
which reads like messages typed into a phone. `load_ptb` and `load_wikitext2` read corpora from a
folder the caller names.

Tokens of the embedded text are found with `TOKEN` in the lower-cased line: a run of letters (with
inner apostrophes, so "i'd" is one token), a run of digits, or a single other character. Each line
ends with the token `"<eos>"`.
"""

from __future__ import annotations

import bz2
import pathlib
import re
from collections.abc import Callable
from importlib import resources

import numpy as np

from lrkeras.datasets.vocabulary import END, Vocabulary

PTB_FILES = [f"ptb.{split}.txt" for split in ("train", "valid", "test")]
TOKEN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*|\d+|[^\w\s]|_")


def tokenize(text: str) -> list[str]:
    """Splits text into lower-case words, numbers and punctuation marks.

    >>> tokenize("I'd like 2 tickets, please.")
    ["i'd", 'like', '2', 'tickets', ',', 'please', '.']
    """
    return TOKEN.findall(text.lower())


def load_data(num_words: int | None = 2000) -> tuple[np.ndarray, np.ndarray, Vocabulary]:
    """Loads the embedded dialogue text as two streams of token ids.

    The two streams come from different dialogues (the training and the development files of the
    corpus). The vocabulary is made from the training stream alone. See
    `lrkeras/datasets/word_text/NOTICE.md` for the source and its licence.

    Args:
        num_words: the size of the vocabulary, `"<unk>"` and `"<eos>"` included; None keeps every
            training word.

    Returns:
        `(train_ids, valid_ids, vocabulary)`: int32 arrays of shape `(number of tokens,)` and the
        vocabulary.

    Raises:
        ValueError: `num_words` is below 3.

    Example:
    >>> train_ids, valid_ids, vocabulary = load_data(num_words=2000)
    >>> len(vocabulary)
    2000
    """
    train, valid = (_embedded_tokens(split) for split in ("train", "valid"))
    vocabulary = Vocabulary.from_tokens(train, num_words)
    return vocabulary.encode(train), vocabulary.encode(valid), vocabulary


def load_ptb(
    path: str | pathlib.Path, num_words: int | None = 10_000
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Vocabulary]:
    """Loads the Penn Treebank language-modelling text from a folder.

    Args:
        path: the folder that holds `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`, tokens
            separated by blanks.
        num_words: the size of the vocabulary; None keeps every training word.

    Returns:
        `(train_ids, valid_ids, test_ids, vocabulary)`.

    Raises:
        FileNotFoundError: the folder or one of the files is missing.
        ValueError: a file is empty, or `num_words` is below 3.
    """
    train, valid, test = _folder_tokens(path, PTB_FILES)
    vocabulary = Vocabulary.from_tokens(train, num_words)
    return vocabulary.encode(train), vocabulary.encode(valid), vocabulary.encode(test), vocabulary


def load_ptb_characters(
    path: str | pathlib.Path,
) -> tuple[np.ndarray, np.ndarray, np.ndarray, Vocabulary]:
    """Loads the Penn Treebank language-modelling text as characters.

    Blanks between words are characters, `"<eos>"` ends a line, and the `<unk>` of the text is five
    characters like any other word.

    Args:
        path: the folder that holds `ptb.train.txt`, `ptb.valid.txt` and `ptb.test.txt`.

    Returns:
        `(train_ids, valid_ids, test_ids, vocabulary)`: int32 arrays of shape
        `(number of characters,)` and the characters of the training text.

    Raises:
        FileNotFoundError: the folder or one of the files is missing.
        ValueError: a file is empty.
    """
    train, valid, test = _folder_tokens(path, PTB_FILES, _characters)
    vocabulary = Vocabulary.from_tokens(train)
    return vocabulary.encode(train), vocabulary.encode(valid), vocabulary.encode(test), vocabulary


def load_wikitext2(
    path: str | pathlib.Path, num_words: int | None = None
) -> tuple[np.ndarray, np.ndarray, Vocabulary]:
    """Loads the WikiText-2 training and validation text from a folder.

    Args:
        path: the folder that holds `train.txt` and `valid.txt`, tokens separated by blanks.
        num_words: the size of the vocabulary; None keeps every training word (33,278).

    Returns:
        `(train_ids, valid_ids, vocabulary)`.

    Raises:
        FileNotFoundError: the folder or one of the files is missing.
        ValueError: a file is empty, or `num_words` is below 3.
    """
    train, valid = _folder_tokens(path, ["train.txt", "valid.txt"])
    vocabulary = Vocabulary.from_tokens(train, num_words)
    return vocabulary.encode(train), vocabulary.encode(valid), vocabulary


def load_lines(split: str = "train") -> list[str]:
    """Loads the embedded dialogue text as it was written, one utterance a line.

    Args:
        split: `"train"` or `"valid"`, from different dialogues.

    Raises:
        ValueError: there is no such split.
    """
    if split not in ("train", "valid"):
        raise ValueError(f"Expected the split 'train' or 'valid'; received {split!r}.")
    packed = resources.files("lrkeras.datasets").joinpath(f"word_text/{split}.txt.bz2").read_bytes()
    lines = bz2.decompress(packed).decode("utf-8").splitlines()
    return [line for line in lines if line]  # a blank line separates two dialogues


def _embedded_tokens(split: str) -> list[str]:
    return [token for line in load_lines(split) for token in (*tokenize(line), END)]


def _characters(line: str) -> list[str]:
    return list(" ".join(line.split()))


def _folder_tokens(
    path: str | pathlib.Path, names: list[str], split: Callable[[str], list[str]] = str.split
) -> list[list[str]]:
    folder = pathlib.Path(path)
    if not folder.is_dir():
        raise FileNotFoundError(
            f"Expected a folder that holds {', '.join(names)}; received {str(folder)!r}, which is "
            "not a folder. Pass the folder into which the corpus was unpacked."
        )
    for name in names:  # before the first of them is read
        if not (folder / name).is_file():
            present = ", ".join(sorted(entry.name for entry in folder.iterdir())[:8]) or "nothing"
            raise FileNotFoundError(
                f"Expected the file {name!r} in {str(folder)!r}, which holds {present}. Pass the "
                "folder into which the corpus was unpacked."
            )
    return [_file_tokens(folder / name, split) for name in names]


def _file_tokens(file: pathlib.Path, split: Callable[[str], list[str]]) -> list[str]:
    with file.open(encoding="utf-8") as lines:
        tokens = [token for line in lines for token in (*split(line), END)]
    if not any(token != END for token in tokens):
        raise ValueError(
            f"Expected text with tokens separated by blanks in {str(file)!r}; received a file "
            "without a word. Unpack the corpus again."
        )
    return tokens
