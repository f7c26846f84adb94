"""Words that a keyboard does not suggest."""

from importlib import resources


def load_blocked_words() -> tuple[str, ...]:
    """Reads `blocked_words.txt`, which says in its first lines what is in it and why."""
    text = (
        resources.files("lrkeras.tasks.keyboard").joinpath("blocked_words.txt").read_text("utf-8")
    )
    return tuple(w for w in text.split("\n") if w and not w.startswith("#"))
