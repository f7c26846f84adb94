"""The quickstart's report as text."""

from __future__ import annotations

from typing import Any

from lrkeras.system.markdown_table import markdown_table


def render(report: dict[str, Any]) -> str:
    """Returns the whole report as Markdown."""
    training = report["training"]
    seconds = report["seconds"]
    return "\n\n".join(
        [
            "# Word prediction: dense against doped Kronecker",
            _setting(report),
            "## Files",
            table(report),
            _reading(report),
            "![size, latency and perplexity](tradeoff.png)",
            "## Training",
            _training_table(training["models"]),
            "![perplexity and sparsity over training](training.png)",
            "## Next words",
            _predictions(report["predictions"]),
            f"Training took {seconds['training']:.0f} s, everything {seconds['all']:.0f} s. "
            "All numbers are in `report.json`.\n",
        ]
    )


def table(report: dict[str, Any]) -> str:
    """Returns the files as a Markdown table, one row a file."""
    headings = (
        "file",
        "bytes",
        "µs a word, median",
        "p90",
        "times faster than dense fp32",
        "perplexity",
        "error against Keras",
    )
    rows = [
        (
            f"{row['name']}.tflite",
            f"{row['bytes']:,}",
            f"{row['median_us']:.1f}",
            f"{row['p90_us']:.1f}",
            f"{row['speedup']:.2f}",
            f"{row['perplexity']:.2f}",
            f"{row['parity_error']:.2g}",
        )
        for row in report["files"]
    ]
    return markdown_table(headings, rows)


def _setting(report: dict[str, Any]) -> str:
    training, timing = report["training"], report["benchmark"]
    versions = ", ".join(f"{name} {version}" for name, version in timing["versions"].items())
    return (
        f"{training['train_tokens']:,} training tokens, {training['valid_tokens']:,} validation "
        f"tokens ({training['valid_oov_rate']:.2%} out of the vocabulary of "
        f"{report['config']['num_words']:,} words). One LSTM step and the output layer are timed "
        f"on {timing['machine']}, one thread, {timing['rounds']} interleaved rounds, "
        f"{timing['overhead_us']:.1f} µs of call overhead included; {versions}, Python "
        f"{report['python']}."
    )


def _reading(report: dict[str, Any]) -> str:
    keras = ", ".join(
        f"{name} {perplexity:.2f}" for name, perplexity in report["keras_perplexity"].items()
    )
    return (
        f"Perplexity is over {report['slice_tokens']:,} validation tokens "
        f"({report['slice_oov_rate']:.2%} unknown, counted like any other), the state reset every "
        f"{report['config']['window']} tokens; of the Keras models on the same tokens: {keras}. "
        "The error is the largest difference from Keras over a sequence, as a share of the "
        "largest value of its tensor."
    )


def _training_table(models: dict[str, Any]) -> str:
    headings = ("model", "parameters", "validation perplexity", "sparsity of the sparse part")
    rows = [
        (
            name,
            f"{model['parameters']:,}",
            f"{model['valid_perplexity']:.2f}",
            "" if model["final_sparsity"] is None else f"{model['final_sparsity']:.1%}",
        )
        for name, model in models.items()
    ]
    return markdown_table(headings, rows)


def _predictions(predictions: dict[str, list[dict]]) -> str:
    headings = ("prompt", "file", "likeliest next words", "greedy continuation")
    prompts = range(len(next(iter(predictions.values()))))
    rows = [
        (
            f"*{_plain(found[place]['prompt'])}*",
            name,
            ", ".join(f"{_plain(word)} {share:.0%}" for word, share in found[place]["next"]),
            _plain(found[place]["completion"]),
        )
        for place in prompts
        for name, found in predictions.items()
    ]
    return markdown_table(headings, rows)


def _plain(text: str) -> str:
    """Keeps text from being read as Markdown."""
    return "".join(f"\\{sign}" if sign in r"\|*_`<>[]#" else sign for sign in text)
