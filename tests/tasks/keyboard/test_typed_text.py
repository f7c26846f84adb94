import pytest

from lrkeras.tasks.keyboard.typed_text import TypedText


@pytest.mark.parametrize(
    ("text", "context", "prefix", "starts"),
    [
        ("", ["<eos>"], "", True),
        ("   ", ["<eos>"], "", True),
        ("Hel", ["<eos>"], "Hel", True),
        ("hello ", ["<eos>", "hello"], "", False),
        ("I don\u2019", ["<eos>", "i"], "don'", False),
        ("at 10", ["<eos>", "at", "<num>"], "", False),
        ("at 10 p", ["<eos>", "at", "<num>"], "p", False),
        ("Yes! no", ["<eos>", "yes", "!"], "no", True),
        ("one,", ["<eos>", "one", ","], "", False),
        ("bye\n", ["<eos>", "bye", "<eos>"], "", True),
        ("bye\nnew", ["<eos>", "bye", "<eos>"], "new", True),
        ("bye\r\nnew", ["<eos>", "bye", "<eos>"], "new", True),
        ("ok \U0001f600\U0001f600 ", ["<eos>", "ok", "\U0001f600", "\U0001f600"], "", False),
        (
            "\u043f\u0440\u0438\u0432\u0435\u0442 \u043c",
            ["<eos>", "\u043f\u0440\u0438\u0432\u0435\u0442"],
            "\u043c",
            False,
        ),
        ("x_y", ["<eos>", "x", "_"], "y", False),
    ],
)
def test_texts_are_taken_apart(text, context, prefix, starts):
    typed = TypedText.of(text)
    assert (list(typed.context), typed.prefix, typed.starts_sentence) == (context, prefix, starts)


def test_a_long_context_is_cut_in_hops():
    words = [f"w{'abcdefghij'[i // 10 % 10]}{'abcdefghij'[i % 10]}" for i in range(100)]
    tokens = ["<eos>", *words]
    for length in (10, 63, 64, 65, 95, 96, 97, 100):
        context = TypedText.of(" ".join(words[:length]) + " ").context
        start = 0 if length + 1 <= 64 else (32 if length + 1 <= 96 else 64)
        assert list(context) == tokens[start : length + 1]
        assert len(context) <= 64


def test_a_text_of_ten_thousand_characters_is_read_from_near_its_end():
    typed = TypedText.of("word " * 2000 + "las")
    assert typed.prefix == "las"
    assert set(typed.context) == {"word"}
    assert 33 <= len(typed.context) <= 64
    assert TypedText.of("a" * 10_000).prefix == "a" * 2000


@pytest.mark.parametrize(
    ("text", "context", "prefix", "replaces"),
    [
        # A letter and an accent that combines are one letter, whatever takes their place.
        ("ne\u0301t", ["<eos>"], "n\u00e9t", 4),
        ("cafe\u0301 t", ["<eos>", "caf\u00e9"], "t", 1),
        ("e\u0301", ["<eos>"], "\u00e9", 2),
        ("I\u2019d say cafe\u0301", ["<eos>", "i'd", "say"], "caf\u00e9", 5),
        # There is no such letter: the mark stays in the word, which then begins no known one.
        ("x\u0304t", ["<eos>"], "x\u0304t", 3),
        # A variation selector belongs to the emoji before it.
        ("\u2764\ufe0fse", ["<eos>", "\u2764", "\ufe0f"], "se", 2),
    ],
)
def test_accents_that_combine_belong_to_their_letter(text, context, prefix, replaces):
    typed = TypedText.of(text)
    assert (list(typed.context), typed.prefix, typed.replaces) == (context, prefix, replaces)


@pytest.mark.parametrize(
    "text",
    ["http://exa", "see https://example.org/the", "www.", "WWW.goo", "(www.goo", "anna@gma",
     "mail anna@", "anna.smith", "to example.co", "ftp://", "a@b.c/thi"],
)  # fmt: skip
def test_addresses_are_known(text):
    assert TypedText.of(text).in_address
    assert not TypedText.of(text + " ").in_address
    assert not TypedText.of(text + "\nth").in_address


@pytest.mark.parametrize(
    "text",
    ["", " ", "home", "home.", "ok...tha", "at 10.30p", "3.5", "go, hom", "and/o", "@hom", "10:3",
     "what?ye", "we go. hom", "e-mai", "wwwhat"],
)  # fmt: skip
def test_other_texts_are_no_addresses(text):
    assert not TypedText.of(text).in_address


@pytest.mark.parametrize("text", [None, b"go ho", 3, ["go"]])
def test_what_is_no_text_is_refused(text):
    with pytest.raises(TypeError, match=f"Expected the text .* received .*{type(text).__name__}"):
        TypedText.of(text)
