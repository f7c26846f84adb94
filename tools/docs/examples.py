"""A griffe extension: `Example:` of a docstring is the section that others call `Examples:`.

Keras writes the singular, which griffe takes for a note, where `>>>` would be three quotations.
"""

import re

import griffe

_SINGLE = re.compile(r"^( *)Example:[ \t]*\n", re.MULTILINE)


class Examples(griffe.Extension):
    """Renames the section before a docstring is parsed."""

    def on_object(self, *, obj, **_):
        """Called for every object that griffe finds."""
        if obj.docstring:
            obj.docstring.value = _indented(_SINGLE.sub(r"\1Examples:\n", obj.docstring.value))


def _indented(text):
    """Indents examples that stand at the margin, as Keras writes them too."""
    head, title, rest = text.partition("\nExamples:\n")
    if not title or not rest.startswith(">>>"):
        return text
    lines = rest.split("\n")
    end = next((i for i, line in enumerate(lines) if not line.strip()), len(lines))
    shown = [f"    {line}" for line in lines[:end]]
    return head + title + "\n".join([*shown, *lines[end:]])
