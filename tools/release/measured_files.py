"""What the measurements of word files have in common: their options, and what a result says of itself."""

import argparse
import pathlib
import platform
import sys

from lrkeras.system.machine import describe_machine
from lrkeras.system.versions import package_versions


def heading(tool, arguments):
    """The command, the machine and the versions of a result.

    Args:
        tool: the name of the script.
        arguments: its words; None takes those of the process.
    """
    words = sys.argv[1:] if arguments is None else arguments
    return {
        "command": " ".join([f"python tools/release/{tool}.py", *map(str, words)]),
        "machine": describe_machine(),
        "python": platform.python_version(),
        "versions": package_versions(),
    }


def parser_of(description, limit, limited):
    """A parser of files, the folder of the corpora, a limit and a file to write.

    Args:
        description: of the script.
        limit: what `--limit` is unless it is given.
        limited: what it limits.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("files", type=pathlib.Path, nargs="+", help=".tflite files with words")
    parser.add_argument("--data", type=pathlib.Path, required=True, help="folder of the corpora")
    parser.add_argument("--limit", type=int, default=limit, help=f"{limited} at most")
    parser.add_argument("--out", type=pathlib.Path, required=True, help="JSON to write")
    return parser
