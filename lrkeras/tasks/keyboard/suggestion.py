"""One suggestion above the keyboard."""

import dataclasses


@dataclasses.dataclass(frozen=True)
class Suggestion:
    """What to show, and what a tap on it does.

    Attributes:
        text: the word or mark to show.
        replaces: how many characters at the end of the text it takes the place of.
    """

    text: str
    replaces: int

    def applied_to(self, text: str) -> str:
        """The text after a tap: the suggestion and a blank at its end.

        >>> Suggestion("there", 2).applied_to("hi th")
        'hi there '
        """
        return f"{text[: len(text) - self.replaces]}{self.text} "
