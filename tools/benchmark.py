"""Times .tflite files side by side: `python tools/benchmark.py dense.tflite small.tflite`.

The same as `lrkeras bench`; `--help` lists what it takes.
"""

import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parents[1]))  # a clone need not be installed

import lrkeras_command


def main(arguments):
    """Runs the command; returns its exit status."""
    return lrkeras_command.main(["bench", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
