import collections

from lrkeras.datasets.chat_text import ChatWriter, chat_words, load_spellings
from lrkeras.datasets.words import tokenize


def written(line, times, seed=0):
    writer = ChatWriter(seed)
    tokens = tokenize(line)
    lines = [" ".join(writer.rewrite(list(tokens))) for _ in range(times)]
    assert tokens == tokenize(line)  # what is given stays as it is
    return lines


def test_words_are_written_as_in_messages_each_time_in_another_way():
    lines = written("Thank you, see you tomorrow.", 400)
    assert len(set(lines)) > 100
    seen = collections.Counter(word for line in lines for word in line.split())
    for word in ("you", "u", "thx", "tomorrow", "tmr", "haha", "lah"):
        assert seen[word] >= 4, word
    # "u" is the first of the spellings of "you", "yu" one of the last.
    assert seen["you"] > seen["u"] > 5 * seen["yu"]
    assert sum(line.endswith(".") for line in lines) < 200


def test_the_longest_words_are_replaced_first():
    lines = written("i don't know", 300)
    assert any("idk" in line for line in lines)
    # "know" alone has spellings too, but not once the words before it are replaced with it.
    assert not any("idk know" in line or "dunno know" in line for line in lines)


def test_other_words_stay_in_their_order():
    for line in written("the cat and the dog saw a purple house", 200):
        kept = [word for word in line.split() if word in ("cat", "dog", "saw", "purple")]
        assert kept == ["cat", "dog", "saw", "purple"]


def test_writing_goes_by_the_seed():
    assert written("see you later", 20, seed=1) == written("see you later", 20, seed=1)
    assert written("see you later", 20, seed=1) != written("see you later", 20, seed=2)


def test_an_empty_line_stays_empty_but_for_exclamations():
    exclamations = {*load_spellings()[("<begin>",)], *load_spellings()[("<end>",)]}
    allowed = {token for one in exclamations for token in one}
    assert {word for line in written("", 200) for word in line.split()} <= allowed


def test_spellings_of_the_list_are_distinct_and_differ_from_the_words():
    spellings = load_spellings()
    assert len(spellings) > 200
    for standard, choices in spellings.items():
        assert standard and all(choices), standard
        assert len(set(choices)) == len(choices), standard
        assert standard not in choices
    assert {"u", "tmr", "haha", "dunno"} <= chat_words()
