# ruff: noqa: RUF001  (texts in other scripts, on purpose)
"""Texts, and what the keyboard in Python makes of them, which the one in Kotlin is held to."""

import pathlib

from lrkeras.tasks.keyboard.personal_words import PersonalWords
from lrkeras.tasks.keyboard.suggester import Suggester

TEXTS = [
    "",
    "i'd like 2 tickets, please.",
    "It’s 10:30, isn’t it?",
    "line one\nline two\r\n\n",
    "'quoted' and trailing' ''double''",
    "snake_case __init__ a_b",
    "Größe ÉTÉ ŒUVRE ǅ İstanbul ΣΑΣ straße",
    "Привет, как дела? Ἀθῆναι",
    "日本語のテキスト 中文，标点。 한국어",
    "नमस्ते दुनिया กรุงเทพ",
    "مرحبا بالعالم ١٢٣ שלום",
    "👍🏽 ok 👩‍👩‍👧 🇫🇷 e\u0301 cafe\u0301",
    "½ cup, x² + y³, Ⅳ ⅻ ①",
    "tab\tnbsp\u00a0thin\u2009zero\u200bwide next\u0085line \x1c sep\u2028para\u2029",
    "3.14 1,000 0x1F 12ab ab12 १२",
    "a'b'c don''t 'tis o’clock ’90s",
    "𝒜𝓁𝑔 𝟘𝟙 𐐀𐐨 \U0001f600\U0001f601",
    "don't!!! wait... what?! -- em—dash ~^$ €5",
]


TYPED = [
    "",
    "h",
    "He",
    "I w",
    "I would like to ",
    "i would like to find a res",
    "What's",
    "don",
    "dont",
    "Don’t",
    "YES",
    "TH",
    "thank you",
    "thank you ",
    "thank you, ",
    "Thanks! ",
    "thanks!\nse",
    "at 10 ",
    "at 10 p",
    "10",
    "rebook",
    "unrestau",
    "overbookin",
    "xqz",
    "'",
    "'tis",
    "ok 👍 se",
    "über",
    "привет ",
    "see you to",
    "SEE YOU TO",
    "Find me a hotel in San F",
    "I’d like 2 tickets to the ",
    "it is what it is. " * 30 + "wha",
    "no no " * 700 + "ple",
    "a_b",
    "i",
    "can you b",
    "tommorow",
    "please recieve",
    "ne\u0301t",
    "cafe\u0301 t",
    "cafe\u0301",
    "x\u0304t",
    "\u2764\ufe0fse",
    "www.goo",
    "http://exa",
    "write to anna@gma",
    "write to anna@gmail.com ",
    "anna.smi",
    "ok...tha",
    "and/o",
    "at 10.30p",
    "@hom",
    "see you tommorow",
    "I wnat",
    "i lvoe",
    "Becuase",
    "the Becuase",
    "BECUASE",
    "find me a (restaurnat",
    "find me a_restaurnat",
    "find me a restaurnat.",
    "thier2",
    "thank yoi",
    "thankyou",
    "they dont",
    "they doesnt",
    "they doesn’r",
    "restaurant’s",
    "the mesage",
    "mesagge",
    "mesa\u0301gge",
    "me\u0301ssage",
    "m\u00e9sagge",
    "cinéma",
    "reservaton fro",
    "a hotle",
    "tyhe",
    "привте",
    "see you with Pr",
    "ok li",
    "ok ",
    "lunch with ",
]
# What a person wrote before, for the suggestions with words of their own.
LEARNED = [
    "Ok liao. Lunch with Priya at kopitiam?",
    "Liao already! with Priya and JOON",
    "ok liao, see you at kopitiam’s 2nd floor\nLunch with Joon",
    "write to priya@example.org or www.kopitiam.sg",
    "E\u0301cole Straße ΣΑΣ İzmir привет 12ab a_b o'clock d",
    "becuase i am like that",
]
LIMITS = (2000, 12)


def suggestions(path: pathlib.Path) -> list[dict]:
    """What the keyboard of a model suggests, as the texts that a tap leaves, and corrects."""
    suggester, own = Suggester(path), Suggester(path, personal=learned())
    found = []
    for text in TYPED:
        given = suggester.suggest(text)
        shown = [{"text": one.text, "after": one.applied_to(text)[-40:]} for one in given]
        fixes = suggester.correct(text), own.correct(text)
        found.append(
            {
                "typed": text,
                "suggestions": shown,
                "own": [one.text for one in own.suggest(text)],
                "corrections": [fix and [fix.typed, fix.replacement] for fix in fixes],
            }
        )
    return found


def learned(limit: int = LIMITS[0]) -> PersonalWords:
    """What is known of the person who wrote `LEARNED`."""
    words = PersonalWords(limit)
    for text in LEARNED:
        words.learn(text)
    return words


def personal_words() -> list[dict]:
    """Texts, and what is exported after them."""
    return [{"texts": LEARNED, "limit": one, "export": learned(one).export()} for one in LIMITS]
