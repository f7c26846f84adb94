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
