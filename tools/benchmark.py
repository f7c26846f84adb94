"""Times .tflite files side by side: `python tools/benchmark.py dense.tflite small.tflite`.

The same as `lrkeras bench`; `--help` lists what it can compare.
"""

import sys

import lrkeras_command


def main(arguments):
    """Runs the command; returns its exit status."""
    return lrkeras_command.main(["bench", *arguments])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
