"""Converts a .keras model to a .tflite file: `python tools/convert.py model.keras model.tflite`."""

import argparse
import os
import sys

os.environ.setdefault("KERAS_BACKEND", "tensorflow")


def main(arguments: list[str] | None = None) -> int:
    """Runs the tool; returns the exit status."""
    options = _parser().parse_args(arguments)
    from lrkeras.cli.convert import read_forms
    from lrkeras.export import convert
    from lrkeras.saving import load_model

    try:
        model = load_model(options.model, compile=False)
        report = convert(
            model,
            options.output,
            forms=read_forms(options.form),
            steps=options.steps,
            quantize=None if options.quantize == "none" else options.quantize,
            runtime=options.runtime,
            seed=options.seed,
        )
    except (ImportError, OSError, TypeError, ValueError) as error:
        print(f"convert: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    if options.json:
        print(report.to_json())
    else:
        import rich

        rich.print(report.render())
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", help="a .keras file, or an .h5 file of Keras 2")
    parser.add_argument("output", help="the .tflite file to write")
    parser.add_argument(
        "--form",
        action="append",
        help="step, chunk_N or sequence (default: step); several with commas, or repeated",
    )
    parser.add_argument("--steps", type=int, help="length of the form sequence")
    parser.add_argument("--quantize", default="none", help="none, float16 or int8 (default: none)")
    parser.add_argument("--runtime", default="latest", help="oldest runtime that must read it")
    parser.add_argument("--seed", type=int, default=0, help="seed of the inputs compared on")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    return parser


if __name__ == "__main__":
    sys.exit(main())
