"""Pairs of sentences that need no corpus."""

from __future__ import annotations

import itertools

_WHEN = (("Today", "Heute"), ("Now", "Jetzt"), ("Often", "Oft"), ("Here", "Hier"))
_WHO = (
    ("a dog", "ein Hund"),
    ("a cat", "eine Katze"),
    ("a boy", "ein Junge"),
    ("a girl", "ein Mädchen"),
    ("a bird", "ein Vogel"),
    ("a man", "ein Mann"),
    ("a woman", "eine Frau"),
    ("a child", "ein Kind"),
)
_DOES = (
    ("sits alone", "sitzt allein"),
    ("sleeps long", "schläft lange"),
    ("waits alone", "wartet allein"),
    ("plays long", "spielt lange"),
    ("sings loudly", "singt laut"),
    ("runs fast", "rennt schnell"),
    ("eats fast", "isst schnell"),
    ("calls loudly", "ruft laut"),
)
# Of ten neighbours.
_PLACES = {"valid": (3,), "test": (7,), "train": (0, 1, 2, 4, 5, 6, 8, 9)}


def made_up(split: str) -> list[tuple[str, str]]:
    """English sentences with German ones; of ten one validates and one tests.

    In German the verb stands before the one who does it, so that words change their order.

    >>> made_up("train")[0]
    ('Today a dog sits alone.', 'Heute sitzt ein Hund allein.')
    """
    pairs = []
    for when, does, who in itertools.product(_WHEN, _DOES, _WHO):
        verb, how = does[1].split(" ", 1)
        source = f"{when[0]} {who[0]} {does[0]}."
        pairs.append((source, f"{when[1]} {verb} {who[1]} {how}."))
    return [pair for place, pair in enumerate(pairs) if place % 10 in _PLACES[split]]
