"""A command that has to fail as all commands do."""

from lrkeras.cli import main


def fails(capsys, *words, status=1):
    """Runs a command that fails in one line, and returns that line."""
    assert main([str(word) for word in words]) == status
    printed = capsys.readouterr()
    assert printed.out == "" and printed.err.count("\n") == 1 and "Traceback" not in printed.err
    return printed.err
