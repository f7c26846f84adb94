"""The `lrkeras` command's way in.

A module beside the package, so that `lrkeras` can tell from its presence that the process is the
command's, and leave Keras and its backend out until a command needs them: help and complaints about
options take a tenth of a second instead of several.
"""

import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs the command, with the words of the process if none are given; returns its status.

    A process that is the command's own forks for some commands; one that calls this with words may
    have threads, which a fork loses, and does not.
    """
    from lrkeras.cli import main as run
    from lrkeras.cli.apart import run_apart

    return run_apart(run, sys.argv[1:]) if arguments is None else run(arguments)


if __name__ == "__main__":
    sys.exit(main())
