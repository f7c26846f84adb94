import pytest

from lrkeras.datasets.intents import bucket_of
from lrkeras.tasks.papers.elmo.downstream import corpora
from lrkeras.tasks.papers.elmo.downstream.corpora import load_sick, load_squad, load_sst, tokens


def keys(part):
    return {(one.texts, one.target) for one in part}


def test_trees_become_words_and_a_class(corpora):
    train, valid, test = load_sst(corpora)
    every = [*train, *valid, *test]
    assert (("Great", "dog", "eats", "("),) in {one.texts for one in every}
    assert {one.target for one in every if one.texts[0][0] == "Awful"} == {(0,)}
    assert len(test) == 11
    # 100 sentences, one of those tested among those to train on.
    assert len(train) + len(valid) == 89
    assert not {one.texts for one in test} & {one.texts for one in train + valid}


def test_a_tenth_of_the_sentences_validates_by_their_hash(corpora):
    train, valid, _ = load_sst(corpora)
    assert valid and all(bucket_of(one.texts[0]) == 0 for one in valid)
    assert all(bucket_of(one.texts[0]) != 0 for one in train)


def test_what_is_no_tree_is_refused(tmp_path):
    (tmp_path / "sst" / "trees").mkdir(parents=True)
    for part in ("train", "dev"):
        (tmp_path / "sst" / "trees" / f"{part}.txt").write_text("a good film\n")
    with pytest.raises(ValueError, match="Expected a tree"):
        load_sst(tmp_path)


def test_pairs_are_judged_in_three_ways(corpora):
    train, valid, test = load_sick(corpora)
    assert len(train) + len(valid) == 48 and len(test) == 12
    assert ((("A", "dog", "eats"), ("No", "dog", "eats")), (0,)) in keys(train + valid)
    assert ((("A", "dog", "eats"), ("A", "dog", "eats")), (1,)) in keys(train + valid)


def test_answers_are_the_words_that_they_were_written_as(corpora):
    train, valid, test = load_squad(corpora)
    assert len(train) + len(valid) == 40 and len(test) == 4
    asked, other = test[:2]
    assert asked.texts[0][:5] == ("In", "Rome", ",", "the", "dog")
    assert asked.target == (7, 7) and asked.written(7, 7) == "noon"
    assert other.target == (12, 13) and other.written(*other.target) == "the garden"
    assert other.texts[1] == ("Where", "does", "it", "eat", "?")


def test_articles_are_split_whole(corpora):
    train, valid, _ = load_squad(corpora)
    assert not {one.source for one in train} & {one.source for one in valid}


def test_an_answer_behind_the_words_that_are_read_is_not_trained_on(corpora, monkeypatch):
    monkeypatch.setattr("lrkeras.tasks.papers.elmo.downstream.corpora.MAX_WORDS", 9)
    train, _, test = load_squad(corpora)
    assert {one.answers for one in train} == {("noon",)}
    assert test[1].target == (0, 0) and test[1].answers == ("the garden",)


def test_words_are_cut_as_in_wikitext():
    assert tokens("Bach's 2nd cat, don't!") == (
        *("Bach", "'s", "2", "nd", "cat", ",", "don", "'", "t", "!"),
    )


@pytest.mark.parametrize("load", [load_sst, load_sick, load_squad])
def test_a_missing_file_is_named(load, tmp_path):
    with pytest.raises(FileNotFoundError, match="Expected the file"):
        load(tmp_path)


def test_the_classes_are_in_the_order_of_their_numbers():
    assert corpora.ENTAILMENTS == ("CONTRADICTION", "ENTAILMENT", "NEUTRAL")
