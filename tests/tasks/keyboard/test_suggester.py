import keras
import numpy as np
import pytest
from keras.ops import convert_to_numpy as to_numpy

from lrkeras import convert, layers
from lrkeras.tasks.keyboard.correction import Correction
from lrkeras.tasks.keyboard.file_model import FileModel
from lrkeras.tasks.keyboard.measure import measure
from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.suggester import Suggester
from lrkeras.tasks.keyboard.suggestion import Suggestion

WORDS = ["<unk>", "<eos>", "<num>", ".", ",", "?", "i", "we", "i'm", "go", "gone", "home", "the",
         "there", "then", "don't", "damn", "tom"]  # fmt: skip


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(7)
    tokens = keras.Input((None,), dtype="int32", name="tokens")
    table = layers.Embedding(len(WORDS), 6)
    hidden = layers.LSTM(8, return_sequences=True)(table(tokens))
    hidden = keras.layers.Dense(6)(hidden)
    made = keras.Model(tokens, table(hidden, reverse=True))
    for weight in made.weights:  # strong enough for logits that differ
        weight.assign(4 * to_numpy(weight))
    return made


@pytest.fixture(scope="module")
def file(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("words") / "words.tflite"
    convert(model, path, metadata={"vocabulary": WORDS, "blocked": ["damn"]})
    return path


def logits_after(model, words):
    ids = [WORDS.index(word) if word in WORDS else 0 for word in words]
    return to_numpy(model(np.array([ids])))[0, -1]


def test_suggestions_are_the_likeliest_words_of_the_model(model, file):
    suggester = Suggester(file)
    logits = logits_after(model, ["<eos>", "we", "go"])
    shown = [w for w in WORDS[3:] if w != "damn"]
    expected = sorted(shown, key=lambda word: -logits[WORDS.index(word)])[:3]
    found = [s.text.lower() for s in suggester.suggest("We go ")]
    assert found == expected
    with_t = [w for w in shown if w.startswith("t")]
    expected = sorted(with_t, key=lambda word: -logits[WORDS.index(word)])[:3]
    assert [s.text for s in suggester.suggest("We go t")] == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("dont", Suggestion("Don't", 4)),
        ("we DON", Suggestion("DON'T", 3)),
        ("we don\u2019", Suggestion("don't", 4)),
        ("we go. hom", Suggestion("Home", 3)),
        ("we i'", Suggestion("I'm", 2)),
        ("To", Suggestion("Tom", 2)),
    ],
)
def test_case_and_what_is_replaced(file, text, expected):
    assert expected in Suggester(file).suggest(text)


def test_no_mark_at_the_start_or_after_a_mark(file):
    suggester = Suggester(file)
    for text in ("", "we go. ", "we go, ", "we go?\n", "we.", "hello\n"):
        assert not {s.text for s in suggester.suggest(text, count=20)} & {".", ",", "?"}
    *others, last = suggester.suggest("we go ", count=20)
    assert last.text in {".", ",", "?"} and last.replaces == 1
    assert last.applied_to("we go ") == f"we go{last.text} "
    assert not {s.text for s in others} & {".", ",", "?"}


def test_typing_on_gives_what_a_fresh_start_gives(file):
    typing = Suggester(file)
    text = "We go home, then tom. I don't go 12 the\nthere zebra home we"
    for end in (*range(26), *range(26, 0, -5)):  # onwards, and back as with the delete key
        assert typing.suggest(text[:end]) == Suggester(file).suggest(text[:end]), text[:end]
    whole = Suggester(file).suggest(text)
    for end in range(len(text) + 1):
        last = typing.suggest(text[:end])
    assert last == whole


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\U0001f600",
        "\u4f60\u597d ",
        "\u0645\u0631\u062d\u0628\u0627",
        "x" * 10_000,
        "we go " * 2000,
        "\0\x07",
        "'''",
        "''",
    ],
)
def test_any_text_gets_suggestions_or_none(file, text):
    found = Suggester(file).suggest(text)
    assert len(found) <= 3
    assert all(s.text and 0 <= s.replaces <= len(text) for s in found)


def test_measured_by_the_file_and_by_keras(model, file):
    runner = FileModel(file)
    quality = measure(runner, ["we go home."], runner.vocabulary, runner.blocked)
    tokens = ["<eos>", "we", "go", "home", "."]
    logits = to_numpy(model(np.array([[WORDS.index(t) for t in tokens]])))[0].astype(np.float64)
    targets = [WORDS.index(t) for t in [*tokens[1:], "<eos>"]]
    losses = np.log(np.exp(logits).sum(-1)) - logits[np.arange(5), targets]
    assert quality.perplexity == pytest.approx(np.exp(losses.mean()), rel=1e-4)
    assert (quality.words, quality.tokens) == (3, 5)


def test_file_without_words_is_refused(model, tmp_path):
    convert(model, tmp_path / "plain.tflite")
    with pytest.raises(ValueError, match="vocabulary"):
        Suggester(tmp_path / "plain.tflite")
    with pytest.raises(FileNotFoundError):
        Suggester(tmp_path / "none.tflite")


@pytest.mark.parametrize("typed", ["xthe", "We go tothe", "don'the", "recieve"])
def test_no_word_is_invented(file, typed):
    assert Suggester(file).suggest(typed) == []


def test_nothing_is_suggested_inside_an_address(file):
    suggester = Suggester(file)
    for text in ("http://the", "go to www.", "www.go", "tom@ho", "tom@", "home.the"):
        assert suggester.suggest(text) == [], text
        assert len(suggester.suggest(text + " ")) == 3


def test_an_accent_that_combines_does_not_cut_a_word(file):
    suggester = Suggester(file)
    assert suggester.suggest("ne\u0301t") == []  # not what begins with "t"
    assert suggester.suggest("the\u0301 t") == suggester.suggest("th\u00e9 t")


def test_what_is_no_text_and_no_count_is_refused(file):
    suggester = Suggester(file)
    for text in (None, b"we go"):
        with pytest.raises(TypeError, match="Expected the text before the cursor as a str"):
            suggester.suggest(text)
    for count in (0, -1, None, 1.5):
        for text in ("we go ", "www.go"):
            with pytest.raises(ValueError, match="count"):
                suggester.suggest(text, count=count)


def test_corrections_keep_the_case_and_leave_what_is_right(file):
    suggester = Suggester(file, personal=PersonalWords())
    assert suggester.correct("we go hoem") == Correction("hoem", "home")
    assert suggester.correct("Thete") == Correction("Thete", "There")
    assert suggester.correct("we go home") is None and suggester.correct("") is None
    suggester.personal.learn("Hoem")
    assert suggester.correct("we go hoem") is None
    with pytest.raises(TypeError, match="str"):
        suggester.correct(None)


def test_words_of_the_person_are_suggested(file):
    personal = PersonalWords()
    suggester, plain = Suggester(file, personal=personal), Suggester(file)
    assert suggester.suggest("we go ") == plain.suggest("we go ")
    personal.learn("Meet Joon. Joon, damn damn")
    assert Suggestion("Joon", 2) in suggester.suggest("we jo")
    assert Suggestion("JOON", 2) in suggester.suggest("we JO")
    assert plain.suggest("we jo") == [] and suggester.suggest("we mee") == []
    assert suggester.suggest("we da") == []  # blocked


def test_messages_are_learned_one_after_another(file):
    runner = FileModel(file)
    messages = ["see joon", "joon", "joon"]
    before = measure(runner, messages, runner.vocabulary, runner.blocked)
    after = measure(runner, messages, runner.vocabulary, personal=PersonalWords())
    assert (before.oov_rate, after.oov_rate) == (1.0, 0.75)  # the third time it was seen twice
    assert before.keystrokes_saved == 0.0 < after.keystrokes_saved
