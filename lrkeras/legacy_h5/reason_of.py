"""What an error of Keras says, in one line."""

from __future__ import annotations

_NESTED = "Exception encountered:"
_LONGEST = 1000


def reason_of(error: BaseException) -> str:
    """Returns the first line of the innermost message: Keras wraps one error in another.

    A long line is cut: messages of Keras hold whole configs of files, and strings of strangers.
    """
    text = str(error).rpartition(_NESTED)[2].strip()
    line = text.partition("\n")[0] or type(error).__name__
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]} ..."
