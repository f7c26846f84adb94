"""`lrkeras tune model.keras --data data.npz --budget "1 MB" --max-latency "100 us" --out run`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from lrkeras.cli import data, files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "find the best .tflite file within a budget by trying; a stopped search goes on"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the trained and compiled model: .keras or .h5")
    parser.add_argument("--data", required=True, help=data.HELP)
    parser.add_argument(
        "--budget", action="append", metavar="SIZE", help="of the file, such as '1 MB'; repeatable"
    )
    parser.add_argument(
        "--max-latency", action="append", metavar="TIME", help="of a call, such as '100 us'"
    )
    parser.add_argument("--out", required=True, help="folder for files, trials and the report")
    parser.add_argument("--objective", default="val_loss", help="(default: val_loss)")
    parser.add_argument(
        "--mode", default="auto", help="min, max or auto, by the objective's name (default: auto)"
    )
    parser.add_argument(
        "--candidates", default="auto", help="auto, or rivals alone (default: auto)"
    )
    parser.add_argument("--trials", type=int, default=32, help="(default: 32)")
    parser.add_argument("--epochs", type=int, default=3, help="of each training (default: 3)")
    parser.add_argument("--learning-rate", type=float, help="(default: of the model's optimizer)")
    parser.add_argument("--batch-size", type=int, help="(default: of the data set, or 32)")
    parser.add_argument(
        "--no-distill", action="store_true", help="train on the targets alone, without a teacher"
    )
    parser.add_argument("--outputs", help=data.OUTPUTS_HELP)
    parser.add_argument("--form", default="auto", help="step, sequence or auto (default: auto)")
    parser.add_argument("--steps", type=int, help="length of the form sequence, where it is open")
    parser.add_argument("--metadata", help="a JSON file to put into the files (vocabulary, ...)")
    parser.add_argument("--address", help="host:port of a Ray cluster, or auto")
    parser.add_argument("--workers", type=int, help="trials at once (default: one on each core)")
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Searches, and returns the report."""
    model_file = files.existing_model(options.model)
    budgets = [*(options.budget or []), *(options.max_latency or [])]
    if not budgets:
        raise ValueError("Expected --budget or --max-latency; received neither.")

    from lrkeras.cli.convert import read_metadata
    from lrkeras.importers.load_model import load_model
    from lrkeras.tuning import tune

    model = load_model(model_file)
    examples = data.read(model, options.data)
    report = tune(
        model,
        examples["train"],
        validation=examples["validation"],
        test=examples.get("test"),
        objective=options.objective,
        mode=options.mode,
        budgets=budgets,
        candidates=options.candidates,
        trials=options.trials,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        distill=not options.no_distill,
        outputs=options.outputs,
        form=options.form,
        steps=options.steps,
        metadata=read_metadata(options.metadata) if options.metadata else None,
        out=options.out,
        address=options.address,
        workers=options.workers,
        seed=options.seed,
        verbose=not options.json,
    )
    return json.loads(report.to_json()), report.render()
