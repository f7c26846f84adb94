import numpy as np
import pytest

from lrkeras.tasks.keyboard.corrector import Corrector
from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.typed_text import TypedText
from lrkeras.tasks.keyboard.word_ranking import WordRanking

WORDS = ["<unk>", "<eos>", "<num>", ".", "the", "them", "don't", "tomorrow", "damn", "restaurant",
         "i'm", "caf\u00e9"]  # fmt: skip


@pytest.fixture
def corrected():
    corrector = Corrector(WordRanking(WORDS, ["damn"]), 0, PersonalWords())

    def correct(text, **likely):
        logits = np.zeros(len(WORDS))
        for word, value in likely.items():
            logits[WORDS.index(word)] = value
        return corrector.correct(TypedText.of(text), lambda: logits)

    correct.personal = corrector.personal
    return correct


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("see you tommorow", "tomorrow"),
        ("see you tomorroe", "tomorrow"),
        ("(restuarant", "restaurant"),
        ("Restaurnat", "restaurant"),
        ("dont", "don't"),
        ("don\u2019r", "don't"),
        ("i im", "i'm"),
        ("the cafe", "caf\u00e9"),
    ],
)
def test_errors_of_fingers_are_corrected(corrected, text, word):
    assert corrected(text) == word


@pytest.mark.parametrize(
    "text",
    ["", "the", "damn", "dawn", "TOMMOROW", "toMmorow", "tommorow ", "tommorow2", "2tommorow",
     "a_tommorow", "tommorow.com", "anna@tommorow", "the Tommorow", "tommorow's'", "tomorrow's",
     "\u0442\u043e\u043c\u043c\u043e\u0440\u043e\u0443", "restaurante\u0301", "r\u00e9staurant",
     "re\u0301staurant", "xyzzy", "te", "'themm", "thx.", "5"],
)  # fmt: skip
def test_what_may_be_right_is_left_alone(corrected, text):
    assert corrected(text, tomorrow=9, restaurant=9, the=9) is None


def test_words_of_the_person_are_right(corrected):
    assert corrected("tommorow") == "tomorrow"
    corrected.personal.learn("Tommorow")
    assert corrected("tommorow") is None


def test_the_context_chooses_and_may_be_unclear(corrected):
    # One edit to "the" (3.5) and one to "them" (4): the likelier is taken, none of two alike.
    assert corrected("see thew") is None
    assert corrected("see thew", them=4) == "them"
    assert corrected("see thew", the=4) == "the"
    assert corrected("see thew", the=3, them=3.5) is None
    # The unknown word is likely here: a name, or slang.
    assert corrected("see thwm") == "them"
    assert corrected("see thwm", **{"<unk>": 8}) is None


def test_evidence_by_hand():
    corrector = Corrector(WordRanking(WORDS), 0)
    logits = np.zeros(len(WORDS))
    logits[WORDS.index("them")], logits[0] = 1.5, 2.5
    word, evidence = corrector.best(TypedText.of("see thwm"), lambda: logits)
    # A key beside the right one, 2.5; four letters; no other word is near.
    assert word == "them"
    assert evidence == pytest.approx(0.35 * -1.0 - 0.7 * 2.5 + 0.2 * 4 + 0.8 * 3 + 0.4)
