"""The command line: `lrkeras train | compress | convert | bench | inspect | quickstart`.

`main.py` runs a command. Each command is a file of its own with HELP, `add_arguments(parser)` and
`run(options)`. Nothing here imports Keras or another large package before `run` has looked at the
files it was given: help and errors of usage come at once.
"""

from lrkeras.cli.main import main

__all__ = ["main"]
