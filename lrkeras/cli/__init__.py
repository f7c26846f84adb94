"""The command line: `lrkeras train | convert | bench | inspect | quickstart`."""

from lrkeras.cli.main import main

__all__ = ["main"]
