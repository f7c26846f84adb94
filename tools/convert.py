"""Converts a .keras model to a .tflite file: `python tools/convert.py model.keras model.tflite`.

The same as `lrkeras convert`; `--help` lists what it takes.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))  # a clone need not be installed

import lrkeras_command


def main(arguments):
    """Runs the command; returns its exit status."""
    return lrkeras_command.main(["convert", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
