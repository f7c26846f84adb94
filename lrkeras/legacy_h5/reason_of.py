"""What an error of Keras says, in one line."""

from __future__ import annotations

import re

_NESTED = re.compile("(?:Exception|Error) encountered:")
# The first line of what a layer or an operation raises when it is called, before the reason.
_CALLED = "Exception encountered when calling "
# Of terminals, which Keras writes into its messages.
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")
_LONGEST = 1000


def reason_of(error: BaseException) -> str:
    """Returns the first line of the innermost message: Keras wraps one error in another.

    A long line is cut: messages of Keras hold whole configs of files, and strings of strangers.
    """
    text = _NESTED.split(without_colours(error))[-1]
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    while len(lines) > 1 and lines[0].startswith(_CALLED):
        lines.pop(0)
    line = lines[0] if lines else type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."


def without_colours(error: BaseException) -> str:
    """The whole message in plain text."""
    return _COLOURS.sub("", str(error))
