"""How far the files that a test run converted are from Keras, printed at its end.

A pytest plugin. It listens to what the gate of `lrkeras.export.parity` logs of every comparison,
also of the files that it refuses; `LRKERAS_PARITY=FILE` keeps a line of JSON for each.
"""

import json
import logging
import os

import numpy as np
import pytest

_MEASURES = ("relative", "lasting", "flips", "error")


class _Comparisons(logging.Handler):
    """Keeps the worst of each measure over the outputs, and over the states, of each file."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def emit(self, record):
        errors, quantization = record.parity, record.quantization
        excess = max(e.excess(quantization.limits) for e in errors)
        row = {"quantize": str(quantization), "excess": excess}
        row["test"] = os.environ.get("PYTEST_CURRENT_TEST", "").split(" ")[0]
        for measure in _MEASURES:
            values = [v for e in errors if (v := getattr(e, measure)) is not None]
            row[measure] = max(values, default=None)
        row["tensors"] = [e.to_dict() for e in errors]
        self.rows.append(row)


def pytest_configure(config):
    config.parity = _Comparisons()
    logger = logging.getLogger("lrkeras.export.parity.check_parity")
    logger.setLevel(logging.DEBUG)
    logger.addHandler(config.parity)


def pytest_sessionfinish(session):
    if hasattr(session.config, "workeroutput"):  # a process of pytest-xdist
        session.config.workeroutput["parity"] = json.dumps(session.config.parity.rows)


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node):
    node.config.parity.rows += json.loads(getattr(node, "workeroutput", {}).get("parity", "[]"))


def pytest_terminal_summary(terminalreporter, config):
    rows = config.parity.rows
    if not rows:
        return
    terminalreporter.section("files held against Keras")
    terminalreporter.write_line("quantize    files  refused  measure    median      90 %       max")
    for name in sorted({row["quantize"] for row in rows}):
        mine = [row for row in rows if row["quantize"] == name]
        refused = sum(not row["excess"] <= 1 for row in mine)
        written = [row for row in mine if row["excess"] <= 1]
        for measure in _MEASURES:
            values = [row[measure] for row in written if row[measure] is not None] or [np.nan]
            shown = "".join(f"{v:10.2g}" for v in np.percentile(values, [50, 90, 100]))
            head = f"{name:12}{len(mine):5}{refused:9}  " if measure == "relative" else " " * 28
            terminalreporter.write_line(f"{head}{measure:9}{shown}")
    path = os.environ.get("LRKERAS_PARITY")
    if path:
        with open(path, "w", encoding="utf-8") as file:
            file.writelines(json.dumps(row) + "\n" for row in rows)
