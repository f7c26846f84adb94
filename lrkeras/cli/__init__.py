"""The command line: `lrkeras train | compress | convert | bench | inspect | quickstart`."""

from lrkeras.cli.main import main

__all__ = ["main"]
