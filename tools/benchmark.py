"""Times .tflite files side by side: `python tools/benchmark.py dense.tflite small.tflite`.

The same as `lrkeras bench`; see `--help` for what it can compare.
"""

import argparse
import json
import os
import sys

# The runtime measures; Keras is imported along and shall not ask for a backend that is not there.
os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    from lrkeras.cli import bench

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    bench.add_arguments(parser)
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args(arguments)
    try:
        content, shown = bench.run(options)
    except (ImportError, OSError, RuntimeError, ValueError) as error:
        print(f"benchmark: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(content, indent=1))
    else:
        import rich

        rich.print(shown)
    return 0


if __name__ == "__main__":
    sys.exit(main())
