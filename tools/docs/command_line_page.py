"""A hook of mkdocs: cli.md has the help of every command, as the parsers print it."""

import contextlib
import io
import os
import re

from fill_in import fill_in

PLACE = "the help of every command"


def on_page_markdown(markdown, page, **_):
    """Fills in the helps."""
    return fill_in(markdown, page, "cli.md", lambda: {PLACE: _helps()})


def _helps():
    return "\n\n".join(map(_section, _commands()))


def _section(command):
    return f"## lrkeras {command}\n\n```text\n{_help(command)}```"


def _commands():
    """The names of the commands, from the list that the help of all of them has."""
    names = re.findall(r"^ {4}([a-z_]+)(?: |$)", _help(), re.MULTILINE)
    if len(names) < 2:
        raise ValueError(f"Expected the commands in `lrkeras --help`; found {names}.")
    return names


def _help(*words):
    from lrkeras.cli import main

    os.environ["COLUMNS"] = "80"
    text = io.StringIO()
    with contextlib.redirect_stdout(text):
        status = main([*words, "--help"])
    if status != 0:
        raise ValueError(f"Expected `lrkeras {' '.join(words)} --help` to end with 0: {status}.")
    return text.getvalue()
