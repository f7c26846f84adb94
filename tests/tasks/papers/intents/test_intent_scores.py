import numpy as np
import pytest

from lrkeras.datasets import Vocabulary
from lrkeras.datasets.utterance import Utterance
from lrkeras.tasks.papers.intents.encoded_corpus import EncodedCorpus
from lrkeras.tasks.papers.intents.intent_scores import IntentScores

SENTENCES = [
    Utterance(("play", "abba", "now"), "Music", ("O", "B-artist", "O")),
    Utterance(("rain", "in", "new", "york"), "Weather", ("O", "O", "B-city", "I-city")),
    Utterance(("book",), "Table", ("O",)),
]
TAGS = ("O", "B-artist", "B-city", "I-city")


def corpus(tags=TAGS):
    vocabulary = Vocabulary(["<eos>", "<unk>"])
    return EncodedCorpus(SENTENCES[:2], [], SENTENCES, vocabulary, ("Music", "Weather"), tags, 3)


def outputs(intents, tags):
    """Scores whose largest is at the numbers given."""
    return {"intent": np.eye(2)[intents], "slots": np.eye(4)[tags]}


def test_scores():
    # The third intent was not trained: it is wrong whatever is said. The fourth word of the second
    # sentence is beyond what is read: its slot ends too early. One slot is behind a last word.
    given = outputs([0, 0, 0], [[0, 1, 0], [0, 0, 2], [0, 1, 1]])
    scores = IntentScores.of(corpus(), SENTENCES, given)
    assert scores.right.tolist() == [True, False, False]
    assert scores.slots.tolist() == [[1, 1, 1], [0, 1, 1], [0, 0, 0]]
    assert scores.accuracy == pytest.approx(1 / 3)
    assert scores.named("test") == {
        "test_accuracy": pytest.approx(1 / 3),
        "test_slot_f1": pytest.approx(2 / 4),
    }
    # Bits 100, filled up to a byte.
    assert scores.by_sentence() == {"right": "80", "slots": "111011000"}


def test_without_slots():
    scores = IntentScores.of(corpus(()), SENTENCES, {"intent": np.eye(2)[[0, 1, 1]]})
    assert scores.named("valid") == {"valid_accuracy": pytest.approx(2 / 3)}
    assert scores.by_sentence() == {"right": "c0"}
