"""Converts word models of the package to weights of four bits, for the Android app.

    python tools/release/ship_int4_models.py word_prediction_cifg

The files go to `tools/release/models/`: a wheel has no room for them. They are of the runtime that
the app ships, whose look-ups know no four bits, so the table of words is rounded to them and stored
in bytes. docs/results/levers.md tells the perplexity. tools/release/android_goldens.py comes after.
"""

import argparse
import os
import pathlib

os.environ.setdefault("KERAS_BACKEND", "tensorflow")
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

RELEASED = pathlib.Path(__file__).parent / "models"
# Of the int8 file's metadata, what the conversion does not write by itself.
TAKEN = ("task", "name", "licence", "vocabulary", "blocked")


def main(arguments: list[str] | None = None) -> None:
    """Command line; see the top of the file."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("models", nargs="+")
    parser.add_argument("--released", type=pathlib.Path, default=RELEASED)
    options = parser.parse_args(arguments)
    for name in options.models:
        file = ship(name, options.released)
        print(f"{file}: {file.stat().st_size:,} bytes")


def ship(name: str, released: pathlib.Path = RELEASED) -> pathlib.Path:
    """Converts the model `name` as it was trained, registers the file and returns it."""
    import lrkeras
    from lrkeras.export import StepRunner
    from lrkeras.models import registry

    told = StepRunner(registry.FOLDER / f"{name}_int8.tflite").metadata
    file = released / f"{name}_int4.tflite"
    lrkeras.convert(
        registry.load(name, released),
        file,
        form="step",
        quantize="int4",
        runtime="2.16",
        metadata={key: told[key] for key in TAKEN},
    )
    files = {"keras": registry.model_file(name, "keras", released).name, "int4": file.name}
    registry.register(name, files, released)
    return file


if __name__ == "__main__":
    main()
