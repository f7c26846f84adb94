import numpy as np
import pytest

from lrkeras.tasks.keyboard.personal_ranking import ranked
from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.word_ranking import WordRanking


def learned(*texts, limit=2000):
    words = PersonalWords(limit)
    for text in texts:
        words.learn(text)
    return words


def test_words_stay_as_they_were_written():
    words = learned(
        "Makan with Priya, liao!\nLiao. see Priya\u2019s mum at makan.sg or p@work.sg a_bc 2nd"
    )
    assert "PRIYA" in words and "priya's" in words and len(words) == 9
    assert not [one for one in ("sg", "work", "bc", "nd", "pri") if one in words]
    assert words.beginning_with("pri") == ["Priya's", "Priya"]
    assert words.beginning_with("LI") == ["liao"]
    words.clear()
    assert not words and words.beginning_with("") == []


def test_the_oldest_are_forgotten():
    words = learned("one two one three", limit=2)
    assert words.beginning_with("") == ["one", "three"]
    assert [line for line in words.export().split("\n") if line.startswith("pair")] == [
        "pair\ttwo\tone\t1",
        "pair\tone\tthree\t1",
    ]
    with pytest.raises(ValueError, match="limit"):
        PersonalWords(0)


def test_shares_by_hand():
    words = learned("ok lah ok lah", "lah lah can")
    # lah 4, ok 2, can 1, which was seen once. After "ok": lah twice, of one kind: 2 / (2 + 1).
    assert words.probabilities("ok") == pytest.approx(
        {"ok": 1 / 3 * 2 / 7, "lah": 1 / 3 * 4 / 7 + 2 / 3 * 1}
    )
    assert words.probabilities("can") == pytest.approx({"ok": 2 / 7, "lah": 4 / 7})
    assert words.weight == pytest.approx(0.5 * 7 / 107)


def test_words_of_a_person_are_mixed_with_those_of_a_model():
    vocabulary = ["<unk>", "<eos>", "damn", "later", "low", "b"]
    ranking = WordRanking(vocabulary, ["damn", "dang"])
    words = learned(*["lah b dang damn low"] * 3)
    logits = np.log(np.array([0.1, 0.1, 0.2, 0.3, 0.2, 0.1]))

    def best(count, **options):
        shown = ranking.best(logits, prefix=options.get("prefix", ""), count=count)
        return ranked(words, ranking, shown, logits, previous="dang", count=count, **options)

    # Of 12 words each is seen 3 times; after "dang" damn alone, in 3 of 4: lah and low get 1 / 16.
    # They weigh 0.5 * 12 / 112 = 0.054: later 0.284, low 0.193, b 0.095, lah 0.003.
    assert best(5) == ["later", "low", "b", "lah"]
    assert best(5, prefix="LA") == ["later", "lah"]
    assert best(1) == ["later"]


def test_one_mark_stays_the_last_beside_words_of_a_person():
    vocabulary = ["<unk>", "<eos>", ".", "later", "low"]
    ranking = WordRanking(vocabulary)
    words = learned(*["dang lah"] * 3)
    logits = np.log(np.array([0.1, 0.1, 0.4, 0.3, 0.1]))

    def best(count):
        shown = ranking.best(logits, marks=True, count=count)
        return ranked(words, ranking, shown, logits, previous="dang", count=count)

    # 6 words: they weigh 0.5 * 6 / 106 = 0.028. lah has 3 / 4 of that behind dang, 0.022, and dang
    # an eighth; the mark has 0.389, later 0.292, low 0.097.
    assert best(2) == ["later", "."]
    assert best(3) == ["later", "low", "."]
    assert best(4) == ["later", "low", "lah", "."]
    logits[2] = np.log(0.05)  # 0.049
    assert best(2) == ["later", "low"]
    assert best(3) == ["later", "low", "."]


def test_what_is_exported_is_read_again():
    words = learned("Can lah, Priya can.\ncan\u2019t lah", "ΣΑΣ École İzmir")
    text = words.export()
    assert text.startswith("lrkeras personal words, version 1: 6 words, 8 pairs\nword\tPriya\t1\n")
    again = PersonalWords.read(text)
    assert again.export() == text
    assert again.probabilities("can") == words.probabilities("can")
    assert len(PersonalWords.read(text, limit=2)) == 2
    assert PersonalWords.read(PersonalWords().export()).export() == PersonalWords().export()


@pytest.mark.parametrize(
    "change",
    [
        lambda text: "",
        lambda text: "hello",
        lambda text: text[:-9],
        lambda text: text.replace("\t2", "\t0"),
        lambda text: text.replace("word\tlah", "word\tla h"),
        lambda text: text.replace("word\tlah", "word\tcan"),
        lambda text: text.replace("version 1", "version 2"),
        lambda text: text.replace("\t", " "),
        lambda text: text + "word\tnew\t1\n",
        lambda text: text + text.split("\n")[1] + "\n",
    ],
)
def test_damaged_text_is_refused(change):
    with pytest.raises(ValueError, match="Expected personal words as they were exported"):
        PersonalWords.read(change(learned("can lah can lah").export()))
