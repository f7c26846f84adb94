"""Corpora in the layouts of the real ones, made up."""

import dataclasses
import itertools
import json

import pytest

from lrkeras.tasks.papers.elmo import training
from lrkeras.tasks.papers.elmo.rows import config_of

THINGS = ("dog", "cat", "horse", "child", "man")
DEEDS = ("eats", "sleeps", "runs", "sings")
JUDGED = (("Great", 4), ("Good", 3), ("Odd", 2), ("Bad", 1), ("Awful", 0))


def write_sst(folder):
    lines = [
        f"({label} (2 {word}) (2 (2 {thing}) (2 (2 {deed}) (2 -LRB-))))"
        for (word, label), thing, deed in itertools.product(JUDGED, THINGS, DEEDS)
    ]
    folder.mkdir(parents=True)
    # One of those to train on is tested, too.
    (folder / "train.txt").write_text("\n".join(lines[:-10]) + "\n")
    (folder / "dev.txt").write_text("\n".join(lines[-11:]) + "\n")


def write_sick(folder):
    rows = ["pair_ID\tsentence_A\tsentence_B\trelatedness_score\tentailment_judgment"]
    kinds = (("A", "ENTAILMENT"), ("No", "CONTRADICTION"), ("Some", "NEUTRAL"))
    for thing, deed, (first, kind) in itertools.product(THINGS, DEEDS, kinds):
        rows.append(f"{len(rows)}\tA {thing} {deed}\t{first} {thing} {deed}\t3\t{kind}")
    folder.mkdir()
    (folder / "SICK_train.txt").write_text("\n".join(rows[:49]) + "\n")
    (folder / "SICK_trial.txt").write_text("\n".join([rows[0], *rows[49:]]) + "\n")


def article(title):
    """An article of one paragraph and two questions."""
    context = f"In {title}, the dog sleeps at noon. It eats in the garden."
    asked = [("When does the dog sleep?", "noon"), ("Where does it eat?", "the garden")]
    answers = [
        {
            "id": f"{title}{number}",
            "question": question,
            "answers": [{"text": text, "answer_start": context.index(text)}],
        }
        for number, (question, text) in enumerate(asked)
    ]
    return {"title": title, "paragraphs": [{"context": context, "qas": answers}]}


def write_squad(folder):
    folder.mkdir()
    for name, titles in (
        ("train", [f"Town{number}" for number in range(20)]),
        ("valid", ["Rome", "Oslo"]),
    ):
        found = {"version": "1.1", "data": [article(title) for title in titles]}
        (folder / f"{name}.json").write_text(json.dumps(found))


@pytest.fixture(scope="session")
def corpora(tmp_path_factory):
    """A folder of the three tasks' corpora."""
    folder = tmp_path_factory.mktemp("elmo_corpora")
    write_sst(folder / "sst" / "trees")
    write_sick(folder / "sick")
    write_squad(folder / "squad-dev")
    return folder


@pytest.fixture(scope="session", autouse=True)
def _no_deployment():
    """Files take seconds; `test_deployment.py` makes them."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "measure_deployment", lambda *_: {"skipped": "by the tests"})
        yield


@pytest.fixture(scope="session")
def with_tasks():
    """Makes the config of a tiny row that learns tasks."""

    def config(name="elmo_tiny", tasks=("sick", "squad"), **changes):
        return dataclasses.replace(config_of(name), tasks=tasks, max_examples=24, **changes)

    return config
