"""Text for a phone keyboard: dialogue, everyday sentences and articles, as words people type.

Three corpora whose licences allow a model trained on them to be shipped: the user's turns of the
Schema-Guided Dialogue corpus (CC BY-SA 4.0), the English sentences of Tatoeba's English-French
pairs (CC BY 2.0) and WikiText-2 (CC BY-SA 3.0). None comes with the package; `load_data` reads
them from a folder. `load_messages` reads the NUS SMS corpus, which is for measuring only.

A token is what `tokenize` finds: a lower-case word with its inner apostrophes, `"<num>"` for a run
of digits, or a single other character. Each line ends with `"<eos>"`.
"""

from __future__ import annotations

import collections
import csv
import dataclasses
import pathlib
import re
from collections.abc import Callable, Iterator, Sequence

import numpy as np

from lrkeras.datasets.chat_text import ChatWriter, chat_words
from lrkeras.datasets.vocabulary import END, UNKNOWN, Vocabulary
from lrkeras.datasets.words import TOKEN

NUMBER = "<num>"
SOURCES = ("dialogues", "sentences", "articles")
# What `load_data` reads, below its folder.
FILES = (
    "sgd-text/train.tsv",
    "sgd-text/dev.tsv",
    "fra-eng/train.tsv",
    "fra-eng/valid.tsv",
    "wikitext-2/train.txt",
    "wikitext-2/valid.txt",
)
# A word of letters with its inner apostrophes.
WORD = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)*")
_MARKS = frozenset(".,?!;:'\"()-/&$%")


@dataclasses.dataclass(frozen=True)
class KeyboardText:
    """Training and validation text of a keyboard model.

    Attributes:
        train: token ids, int32 of shape `(number of tokens,)`, the lines of all sources mixed.
        valid: for each of `SOURCES` the ids of text that is not in `train`.
        vocabulary: made from the training text alone, frequent words first.
    """

    train: np.ndarray
    valid: dict[str, np.ndarray]
    vocabulary: Vocabulary


def tokenize(text: str) -> list[str]:
    """Splits a line into lower-case words, numbers and marks; a line break becomes `"<eos>"`.

    >>> tokenize("I\u2019d like 2 tickets, please.")
    ["i'd", 'like', '<num>', 'tickets', ',', 'please', '.']
    """
    lines = text.replace("\u2019", "'").lower().split("\n")
    tokens: list[str] = []
    for number, line in enumerate(lines):
        if number:
            tokens.append(END)
        tokens += [NUMBER if token.isdecimal() else token for token in TOKEN.findall(line)]
    return tokens


def load_data(
    path: str | pathlib.Path,
    num_words: int = 10_000,
    *,
    repeats: Sequence[int] = (1, 1, 1),
    chat_rate: float = 0.0,
    seed: int = 0,
) -> KeyboardText:
    """Loads the three corpora and mixes their lines.

    A word's rank in the vocabulary is that of its mean share of the three sources, so that the
    largest one, the articles, does not choose the words alone.

    Args:
        path: the folder that holds `sgd-text/`, `fra-eng/` and `wikitext-2/`.
        num_words: the size of the vocabulary, the special words included.
        repeats: how many times the lines of each of `SOURCES` are in the training text; the
            vocabulary does not depend on it.
        chat_rate: share of the lines of dialogues and sentences, from 0 to 1, that are written as
            in short messages (`chat_text.ChatWriter`), other ones in each repeat. All words of such
            spellings are in the vocabulary then. Validation text stays as it is.
        seed: of the order of the lines and of their spellings.

    Raises:
        FileNotFoundError: the folder or one of the files is missing.
        ValueError: `num_words` is below 4 or has no room for the words of chats, `repeats` is not
            a number of at least 0 for each source, one of them at least 1, or `chat_rate` is not
            from 0 to 1.
    """
    _check_options(num_words, repeats, chat_rate)
    for name in FILES:  # before the first of them is read
        _check_file(pathlib.Path(path) / name)
    lines = {
        (source, split): load_lines(path, source, split)
        for source in SOURCES
        for split in ("train", "valid")
    }
    writer = _LineWriter(chat_rate, seed)
    # The first of each before any other, as the vocabulary is theirs.
    trained = [[writer.written(lines[source, "train"], source)] for source in SOURCES]
    for source, copies, count in zip(SOURCES, trained, repeats, strict=True):
        copies += [writer.written(lines[source, "train"], source) for _ in range(1, count)]
    kept = {word for word in chat_words() if WORD.fullmatch(word)} if chat_rate else set()
    vocabulary = _vocabulary([copies[0] for copies in trained], num_words, kept)
    mixed = [
        line
        for copies, count in zip(trained, repeats, strict=True)
        for copy in copies[:count]
        for line in copy
    ]
    order = np.random.default_rng(seed).permutation(len(mixed))
    return KeyboardText(
        vocabulary.encode_lines(mixed[i] for i in order),
        {source: vocabulary.encode_lines(lines[source, "valid"]) for source in SOURCES},
        vocabulary,
    )


def load_lines(path: str | pathlib.Path, source: str, split: str = "valid") -> list[list[str]]:
    """Loads the tokens of each line of one of the three corpora.

    Args:
        path: the folder that holds `sgd-text/`, `fra-eng/` and `wikitext-2/`.
        source: one of `SOURCES`.
        split: `"train"` or `"valid"`.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: there is no such source or split.
    """
    if source not in SOURCES or split not in ("train", "valid"):
        raise ValueError(
            f"Expected a source of {SOURCES} and the split 'train' or 'valid'; received {source!r} "
            f"and {split!r}."
        )
    return list(_READERS[source](pathlib.Path(path), split))


def load_messages(path: str | pathlib.Path, split: str = "valid") -> dict[str, list[str]]:
    """Loads phone messages, as they were written, of users that no other split has.

    Args:
        path: the folder `nus-sms`, or the one that holds it.
        split: `"train"`, `"valid"` or `"test"`.

    Returns:
        For each user the messages, in the order of the file.

    Raises:
        FileNotFoundError: the file is missing.
        ValueError: there is no such split, or the file has other columns.
    """
    if split not in ("train", "valid", "test"):
        raise ValueError(f"Expected the split 'train', 'valid' or 'test'; received {split!r}.")
    folder = pathlib.Path(path)
    folder = folder / "nus-sms" if (folder / "nus-sms").is_dir() else folder
    messages: dict[str, list[str]] = collections.defaultdict(list)
    with _open(folder / "nus_sms_en.dev.tsv") as file:
        rows = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        wanted = {"user", "suggested_split", "text"}
        if not wanted <= set(rows.fieldnames or ()):
            raise ValueError(f"Expected the columns {sorted(wanted)}; received {rows.fieldnames}.")
        for row in rows:
            if row["suggested_split"] == split:
                messages[row["user"]].append(row["text"])
    return dict(messages)


def _dialogues(folder: pathlib.Path, split: str) -> Iterator[list[str]]:
    name = {"train": "train.tsv", "valid": "dev.tsv"}[split]
    with _open(folder / "sgd-text" / name) as lines:
        for line in lines:
            _, speaker, text = line.rstrip("\n").split("\t")
            if speaker == "USER":
                yield tokenize(text)


def _sentences(folder: pathlib.Path, split: str) -> Iterator[list[str]]:
    seen: set[str] = set()
    with _open(folder / "fra-eng" / f"{split}.tsv") as lines:
        for line in lines:
            english = line.split("\t", 1)[0]
            if english not in seen:  # a sentence comes once for each of its translations
                seen.add(english)
                yield tokenize(english)


def _articles(folder: pathlib.Path, split: str) -> Iterator[list[str]]:
    with _open(folder / "wikitext-2" / f"{split}.txt") as lines:
        for line in lines:
            text = line.strip()
            if text and not text.startswith("="):
                yield article_tokens(text)


def article_tokens(text: str) -> list[str]:
    """Splits a line of WikiText, whose own `didn 't`, `well @-@ known`, `1 @,@ 000` are undone."""
    text = re.sub(r" @(.)@ ", r"\1", text)
    text = re.sub(r"(?<=\w) '(?=(?:s|t|re|ve|ll|d|m)\b)", "'", text)
    tokens: list[str] = []
    for part in re.split("(<unk>)", text):
        tokens += [UNKNOWN] if part == UNKNOWN else tokenize(part)
    return tokens


_READERS: dict[str, Callable[[pathlib.Path, str], Iterator[list[str]]]] = {
    "dialogues": _dialogues,
    "sentences": _sentences,
    "articles": _articles,
}


def _check_options(num_words: int, repeats: Sequence[int], chat_rate: float) -> None:
    if len(repeats) != len(SOURCES) or min(repeats) < 0 or max(repeats) < 1:
        raise ValueError(
            f"Expected repeats of {len(SOURCES)} numbers, for {SOURCES}; received {repeats!r}."
        )
    if num_words < 4:
        raise ValueError(
            f"Expected num_words of at least 4, three of them special; received {num_words}."
        )
    if not 0 <= chat_rate <= 1:
        raise ValueError(f"Expected chat_rate from 0 to 1; received {chat_rate}.")


class _LineWriter:
    """Writes a share of the lines of some sources as in short messages."""

    def __init__(self, rate: float, seed: int) -> None:
        self._rate = rate
        self._writer = ChatWriter(seed)
        self._rng = np.random.default_rng(seed)

    def written(self, lines: list[list[str]], source: str) -> list[list[str]]:
        if not self._rate or source == "articles":
            return lines
        chosen = self._rng.random(len(lines)) < self._rate
        return [
            self._writer.rewrite(line) if chat else line
            for line, chat in zip(lines, chosen, strict=True)
        ]


def _vocabulary(sources: list[list[list[str]]], num_words: int, kept: set[str]) -> Vocabulary:
    shares: dict[str, float] = collections.defaultdict(float)
    for lines in sources:
        counts = collections.Counter(token for line in lines for token in line)
        total = counts.total()
        for token, count in counts.items():
            if WORD.fullmatch(token) or token in _MARKS:
                shares[token] += count / total
    special = [UNKNOWN, END, NUMBER]
    room = num_words - len(special) - len(kept)
    if room < 0:
        raise ValueError(
            f"Expected num_words of at least {len(kept) + len(special)}, as chat_rate adds "
            f"{len(kept)} words of chats; received {num_words}. Pass more, or a chat_rate of 0."
        )
    others = sorted(shares.keys() - kept, key=lambda token: (-shares[token], token))[:room]
    ranked = sorted({*kept, *others}, key=lambda token: (-shares.get(token, 0), token))
    return Vocabulary([*special, *ranked])


def _open(file: pathlib.Path):
    _check_file(file)
    return file.open(encoding="utf-8", newline="")


def _check_file(file: pathlib.Path) -> None:
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected the file {str(file)!r}, which is missing. Pass the folder into which the "
            "corpora were unpacked, each in a folder of its own."
        )
