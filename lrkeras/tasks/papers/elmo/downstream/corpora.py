"""The examples of the three tasks, from folders that the caller names.

None of these corpora comes with a test part that everybody may see. What is given as its
validation part is the test part here, and a tenth of what is given to train on validates: of SST
and SICK the examples, of SQuAD the articles whose `bucket_of` is 0. Examples to train on whose
texts the test part has too are left out.
"""

from __future__ import annotations

import csv
import dataclasses
import json
import pathlib
import re
from collections.abc import Iterator, Sequence

from lrkeras.datasets.intents import bucket_of
from lrkeras.tasks.papers.elmo.downstream.example import Example, Words

Parts = tuple[list[Example], list[Example], list[Example]]
ENTAILMENTS = ("CONTRADICTION", "ENTAILMENT", "NEUTRAL")
SENTIMENTS = 5
MAX_WORDS = 300  # of a paragraph
_WORD = re.compile(r"'s\b|[^\W\d_]+|\d+|[^\w\s]|_")
_LEAF = re.compile(r"\((\d) ([^()]+)\)")
_BRACKETS = {"-LRB-": "(", "-RRB-": ")"}


def load_sst(data: str | pathlib.Path) -> Parts:
    """Sentences of the Stanford Sentiment Treebank and their five classes; no phrases of them.

    Args:
        data: the folder that holds `sst/trees/train.txt` and `dev.txt`.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a line is no tree.
    """
    train, test = (
        [_tree(line) for line in _file(data, f"sst/trees/{part}.txt").splitlines() if line]
        for part in ("train", "dev")
    )
    return _cut(train, test)


def _tree(line: str) -> Example:
    words = tuple(
        _BRACKETS.get(word, word.replace("\\/", "/").replace("\\*", "*"))
        for _, word in _LEAF.findall(line)
    )
    if not words or line[1:2] not in "01234":
        raise ValueError(f"Expected a tree such as (3 (2 Good) (2 film)); received {line[:60]!r}.")
    return Example((words,), (int(line[1]),))


def load_sick(data: str | pathlib.Path) -> Parts:
    """Pairs of sentences of SICK (SemEval 2014) and one of `ENTAILMENTS`.

    Args:
        data: the folder that holds `sick/SICK_train.txt` and `SICK_trial.txt`.

    Raises:
        FileNotFoundError: a file is missing.
        ValueError: a pair is judged otherwise.
    """
    train, test = (
        [
            Example(
                (tokens(row["sentence_A"]), tokens(row["sentence_B"])),
                (ENTAILMENTS.index(row["entailment_judgment"]),),
            )
            for row in csv.DictReader(
                _file(data, f"sick/SICK_{part}.txt").splitlines(), delimiter="\t"
            )
        ]
        for part in ("train", "trial")
    )
    return _cut(train, test)


def load_squad(data: str | pathlib.Path) -> Parts:
    """Paragraphs of SQuAD 1.1, questions, and where the first answer is.

    A paragraph is cut behind `MAX_WORDS`. A question whose answer is behind them is not trained on;
    in the other parts its target is the first word, which is wrong.

    Args:
        data: the folder that holds `squad-dev/train.json` and `valid.json`, of different articles.

    Raises:
        FileNotFoundError: a file is missing.
    """
    train: list[Example] = []
    valid: list[Example] = []
    for article in json.loads(_file(data, "squad-dev/train.json"))["data"]:
        if bucket_of([article["title"]]) == 0:
            valid += _questions(article)
        else:
            train += [one for one in _questions(article) if one.target[1] >= 0]
    test = [
        one
        for article in json.loads(_file(data, "squad-dev/valid.json"))["data"]
        for one in _questions(article)
    ]
    return train, [_reachable(one) for one in valid], [_reachable(one) for one in test]


def _reachable(one: Example) -> Example:
    return one if one.target[1] >= 0 else dataclasses.replace(one, target=(0, 0))


def _questions(article: dict) -> Iterator[Example]:
    for paragraph in article["paragraphs"]:
        found = list(_WORD.finditer(paragraph["context"]))[:MAX_WORDS]
        words, places = tuple(m.group() for m in found), tuple(m.span() for m in found)
        for asked in paragraph["qas"]:
            begin = asked["answers"][0]["answer_start"]
            end = begin + len(asked["answers"][0]["text"])
            inside = [n for n, (a, b) in enumerate(places) if a < end and b > begin]
            reached = bool(inside) and end <= places[-1][1]
            yield Example(
                (words, tokens(asked["question"])),
                (inside[0], inside[-1]) if reached else (-1, -1),
                tuple(answer["text"] for answer in asked["answers"]),
                paragraph["context"],
                places,
            )


def tokens(text: str) -> Words:
    """Words, numbers and marks of a text as it is written, `'s` one of them as in WikiText."""
    return tuple(_WORD.findall(text))


def _cut(train: Sequence[Example], test: list[Example]) -> Parts:
    tested = {one.texts for one in test}
    rest = [one for one in train if one.texts not in tested]
    buckets = [bucket_of([" ".join(text) for text in one.texts]) for one in rest]
    return (
        [one for one, bucket in zip(rest, buckets, strict=True) if bucket],
        [one for one, bucket in zip(rest, buckets, strict=True) if not bucket],
        test,
    )


def _file(data: str | pathlib.Path, name: str) -> str:
    file = pathlib.Path(data) / name
    if not file.is_file():
        raise FileNotFoundError(
            f"Expected the file {name} in the folder {str(data)!r}; it is not there. Pass the "
            "folder into which the corpora were unpacked."
        )
    return file.read_text(encoding="utf-8")
