"""`lrkeras fit small.keras tuned.keras --data data.npz --teacher model.keras --epochs 3`."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from lrkeras.cli import data, files

if TYPE_CHECKING:
    from rich.console import RenderableType

HELP = "train a .keras model on data and, if given, on what a teacher says"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Adds what the command takes."""
    parser.add_argument("model", help="the compiled model: .keras or .h5")
    parser.add_argument("output", help="the .keras file to write")
    parser.add_argument("--data", required=True, help=data.HELP)
    parser.add_argument("--teacher", help="a trained model of the same inputs and outputs")
    parser.add_argument(
        "--objective", default="val_loss", help="picks the epoch (default: val_loss)"
    )
    parser.add_argument("--epochs", type=int, default=3, help="(default: 3)")
    parser.add_argument("--learning-rate", type=float, help="(default: of the model's optimizer)")
    parser.add_argument("--batch-size", type=int, help="(default: of the data set, or 32)")
    parser.add_argument(
        "--bits", type=int, choices=(4, 8), help="train with rounded weights in the last third"
    )
    parser.add_argument("--fresh", action="store_true", help="start from random weights")
    parser.add_argument("--outputs", help=data.OUTPUTS_HELP)
    parser.add_argument("--seed", type=int, default=0, help="(default: 0)")


def run(options: argparse.Namespace) -> tuple[dict, RenderableType]:
    """Trains, and returns the objective of each epoch."""
    model_file, output = files.existing_model(options.model), files.keras_output(options.output)
    teacher_file = None if options.teacher is None else files.existing_model(options.teacher)

    from lrkeras.importers.load_model import load_model
    from lrkeras.saving import save_model
    from lrkeras.tuning import fine_tune

    model = load_model(model_file)
    examples = data.read(model, options.data)
    values: list[float] = []
    tuned = fine_tune(
        model,
        examples["train"],
        validation=examples["validation"],
        teacher=None if teacher_file is None else load_model(teacher_file),
        objective=options.objective,
        epochs=options.epochs,
        learning_rate=options.learning_rate,
        batch_size=options.batch_size,
        bits=options.bits,
        fresh=options.fresh,
        outputs=options.outputs,
        seed=options.seed,
        on_epoch=lambda number, value: values.append(value),
    )
    save_model(tuned, output)
    shown = ", ".join(f"{value:.4g}" for value in values)
    return {"objective": options.objective, "epochs": values}, f"{options.objective}: {shown}"
