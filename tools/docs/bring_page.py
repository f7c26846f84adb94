"""A hook of mkdocs: bring_your_model.md lists what is supported as the code has it, and what came of trying."""

import json
import pathlib

from fill_in import fill_in

RESULTS = pathlib.Path(__file__).parents[2] / "docs/results/data/brought_models.json"


def on_page_markdown(markdown, page, **_):
    """Fills in the lists."""
    return fill_in(markdown, page, "bring_your_model.md", _contents)


def _contents():
    from lrkeras.export.steps.operation_axes import known_operations
    from lrkeras.export.steps.pointwise_layers import POINTWISE
    from lrkeras.importers.onnx import SUPPORTED
    from lrkeras.legacy_h5.tensorflow_functions import FUNCTIONS

    return {
        "the layers that stream": _names(POINTWISE),
        "the operations that stream": _names(known_operations()),
        "the operators of ONNX": _operators(SUPPORTED),
        "the functions of TensorFlow": _names(f"tf.{name}" for name in FUNCTIONS),
        "the brought models": _table(json.loads(RESULTS.read_text(encoding="utf-8"))),
    }


def _names(names):
    return ", ".join(f"`{name}`" for name in sorted(names)) + "."


def _operators(supported):
    lines = ["| operator | becomes |", "|---|---|"]
    return "\n".join(
        [
            *lines,
            *(
                f"| `{name}` | {what.replace('|', chr(92) + '|')} |"
                for name, what in sorted(supported.items())
            ),
        ]
    )


def _table(results):
    lines = [
        "| model | what is special | file | load error | form | float32 | int8 | bytes | stock converter |",
        "|---|---|---|---|---|---|---|---|---|",
    ]
    for row in results["models"]:
        cells = [
            row["name"],
            row["kind"],
            f"`{row['source']}`",
            _number(row["load"], "-"),
            f"`{row['form']}`" if row["form"] else "refused",
            _number(row["float32"]),
            _number(row["int8"]),
            " / ".join(f"{size:,}" for size in row["bytes"].values()),
            _stock(row),
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, "", _footnote(results)])


def _number(value, nothing="refused"):
    return f"{value:.1e}" if isinstance(value, float) else nothing


def _stock(row):
    if row["stock"] is None:
        return "-"
    if row["stock"].startswith("refused"):
        return "refuses it"
    size = f"{row['stock']}, {row['stock_bytes']:,} bytes"
    return size if row["step_ratio"] is None else f"{size}, {row['step_ratio']:.1f}x the time"


def _footnote(results):
    return (
        "Load error: the largest difference to the framework of the file's owner, over the largest value. float32 and "
        "int8: the relative error of the file against Keras, as the parity gate measures it. Bytes: of the float32 and "
        "of the int8 file. The stock converter's file is in float32, for a batch of one and as many steps as the "
        "model has, or 16; its time is that of as many steps, on "
        f"{results['machine']}, one thread, side by side. "
        f"`{results['command']}`."
    )
