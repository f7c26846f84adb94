"""Texts of files in messages."""

from typing import Any


def shortened(content: Any, longest: int = 300) -> str:
    """What is in a file as text for a message, in one line, cut where it is long."""
    text = " ".join(str(content[:longest] if isinstance(content, str) else content).split())
    return text if len(text) <= longest else f"{text[:longest]} ..."
