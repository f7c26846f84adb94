"""Runs one command, and turns every failure into one line and an exit status."""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import sys
import traceback
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

from lrkeras.cli import bench, compress, convert, device, fit, inspect, quickstart, train, tune
from lrkeras.cli.quiet import quiet
from lrkeras.system.shortened import shortened

# Each has HELP, add_arguments(parser) and run(options), which returns the result as something for
# JSON and as something that rich prints.
COMMANDS = {
    "train": train,
    "compress": compress,
    "fit": fit,
    "tune": tune,
    "convert": convert,
    "bench": bench,
    "device": device,
    "inspect": inspect,
    "quickstart": quickstart,
}

FAILED = 1
MISUSED = 2
INTERRUPTED = 130
# Letters of a message: it may quote a file.
_LONGEST = 2000


class OneLineParser(argparse.ArgumentParser):
    """An argument parser whose complaint is one line."""

    def error(self, message: str) -> NoReturn:
        """Prints the complaint and leaves."""
        self.exit(MISUSED, f"error: {message} (see `{self.prog} --help`)\n")


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs the command line.

    Args:
        arguments: the words after `lrkeras`; None takes those of the process.

    Returns:
        The exit status: 0, 1 after a failure, 2 after a misuse, 130 when interrupted.
    """
    try:
        options = _parser().parse_args(arguments)
    except SystemExit as stop:
        return stop.code if isinstance(stop.code, int) else FAILED
    try:
        with _undisturbed(options.debug):
            content, shown = COMMANDS[options.command].run(options)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except Exception as error:
        if options.debug:
            traceback.print_exc()
        return _failed(error)
    try:
        if options.json:
            print(json.dumps(content, indent=1))
        else:
            from rich.console import Console

            Console().print(shown)
        sys.stdout.flush()
    except BrokenPipeError:  # a reader that has read enough, such as `head`
        _drop_output()
        return FAILED
    except OSError as error:
        error.filename = error.filename or "standard output"
        return _failed(error)
    return 0


def _failed(error: Exception) -> int:
    _drop_output()
    print(f"error: {one_line(error)}", file=sys.stderr)
    return FAILED


def _drop_output() -> None:
    """Lets go of what cannot be written; Python would try again, and complain, when it ends."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@contextlib.contextmanager
def _undisturbed(debug: bool) -> Iterator[None]:
    """Keeps warnings and log lines of libraries back, unless they are asked for."""
    if debug:
        yield
        return
    with quiet(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def one_line(error: Exception) -> str:
    """Returns the message of an error as one line, with the kind of the error where it has none."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.strerror}: {error.filename}"
    return shortened(str(error), _LONGEST) or type(error).__name__


def _parser() -> argparse.ArgumentParser:
    parser = OneLineParser(
        prog="lrkeras", description="Compressed recurrent Keras models for phones."
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, module in COMMANDS.items():
        command = commands.add_parser(name, help=module.HELP, description=module.HELP)
        module.add_arguments(command)
        command.add_argument("--json", action="store_true", help="print the result as JSON alone")
        command.add_argument(
            "--debug",
            action="store_true",
            help="print log lines of libraries, and the traceback of an error",
        )
    return parser
