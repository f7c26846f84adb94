"""What an error of Keras says, in one line."""

from __future__ import annotations

_NESTED = "Exception encountered:"


def reason_of(error: BaseException) -> str:
    """Returns the first line of the innermost message: Keras wraps one error in another."""
    text = str(error).rpartition(_NESTED)[2].strip()
    return text.partition("\n")[0] or type(error).__name__
