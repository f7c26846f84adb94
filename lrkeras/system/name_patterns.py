"""Names that a user gives: shell patterns of them, and what was meant by a wrong one."""

import difflib
import fnmatch
from collections.abc import Iterable, Sequence


def listed(patterns: Sequence[str] | str | None) -> list[str]:
    """Patterns as a list: of one, of several, or none."""
    if patterns is None:
        return []
    return [patterns] if isinstance(patterns, str) else list(patterns)


def is_one_of(names: Iterable[str], pattern: str) -> bool:
    """Whether a shell pattern fits one of the names that a thing goes by."""
    return any(fnmatch.fnmatchcase(name, pattern) for name in names)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """`" Did you mean 'lstm_1'?"`, for a sentence to end in; empty where nothing is near."""
    near = difflib.get_close_matches(name, list(known), n=1)
    return f" Did you mean {near[0]!r}?" if near else ""
