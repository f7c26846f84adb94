"""Corpora in the layouts of the real ones, made up."""

import itertools
import json

import pytest

ARTISTS = ("nina simone", "bach", "miles davis", "abba", "queen", "sade")
CITIES = ("rome", "new york", "oslo", "lima", "porto", "kyoto")
DAYS = ("today", "on friday", "tomorrow", "at noon", "next week")


def tagged(*parts):
    """Words and tags of a sentence of pairs `(text, kind)`, without a kind outside of a slot."""
    words, tags = [], []
    for text, kind in parts:
        for place, word in enumerate(text.split()):
            words.append(word)
            tags.append(f"{'I' if place else 'B'}-{kind}" if kind else "O")
    return " ".join(words), " ".join(tags)


def sentences():
    """96 sentences of two intents, each twice in two wordings: `(intent, words, tags)`."""
    for artist, day, verb in itertools.product(ARTISTS, DAYS[:4], ("play", "put on")):
        yield "Music", *tagged((verb, ""), (artist, "artist"), (day, "time"))
    for city, day, verb in itertools.product(CITIES, DAYS[:4], ("weather in", "rain in")):
        yield "Weather", *tagged((verb, ""), (city, "city"), (day, "time"))


def write_slots(folder, rows):
    folder.mkdir(parents=True)
    for name, column in (("label", 0), ("seq.in", 1), ("seq.out", 2)):
        (folder / name).write_text("".join(f"{row[column]} \n" for row in rows))


@pytest.fixture(scope="session")
def corpora(tmp_path_factory):
    """A folder of all four corpora."""
    folder = tmp_path_factory.mktemp("corpora")
    rows = list(sentences())
    test = [row for row in rows if row[1].endswith("noon")]
    for name in ("atis", "snips"):
        # Two of the test sentences among those of the training, too.
        write_slots(folder / "atis-snips" / name / "train", [*rows, *test[:2]])
        write_slots(folder / "atis-snips" / name / "valid", test)
    (folder / "clinc150").mkdir()
    pairs = [[words, intent] for intent, words, _ in rows]
    content = {
        "train": pairs,
        "val": [[p[0], p[1]] for p in pairs[::6]],
        "oos_val": [["hm", "oos"]],
    }
    (folder / "clinc150" / "data_dev.json").write_text(json.dumps(content))
    (folder / "banking77").mkdir()
    lines = ["text,category", *(f'"{words}, please?",{intent}' for intent, words, _ in rows)]
    (folder / "banking77" / "train.csv").write_text("\n".join(lines))
    return folder
