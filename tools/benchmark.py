"""Times .tflite files side by side: `python tools/benchmark.py dense.tflite small.tflite`."""

import argparse
import sys


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    options = _parser().parse_args(arguments)
    from lrkeras.benchmark import benchmark

    try:
        report = benchmark(
            options.files,
            rounds=options.rounds,
            num_threads=options.threads,
            use_xnnpack=not options.no_xnnpack,
            seed=options.seed,
        )
    except (ImportError, OSError, ValueError) as error:
        print(f"benchmark: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if options.json:
        print(report.to_json())
    else:
        import rich

        rich.print(report.render())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("files", nargs="+", help=".tflite files; the first is compared with")
    parser.add_argument("--rounds", type=int, default=100, help="rounds of 10 runs of each file")
    parser.add_argument("--threads", type=int, default=1, help="threads of the kernels")
    parser.add_argument("--no-xnnpack", action="store_true", help="built-in kernels only")
    parser.add_argument("--seed", type=int, default=0, help="seed of inputs and order")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
