"""A .tflite file that is run again and again."""

import os
import time
from typing import Any

import numpy as np

from lrkeras.export.interpreters import open_interpreter
from lrkeras.export.model_file import ModelFile

# Enough different inputs that none stays special, few enough to make up beforehand.
_INPUTS = 16


class TimedModel:
    """Runs a file with made-up inputs; states are fed back outside the time that is taken.

    A state is a tensor under the same name among the inputs and the outputs of the file's
    signature. Files without a signature get made-up inputs only.

    Args:
        path: Any .tflite file with static shapes.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.
        rng: Makes up the inputs.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        num_threads: int,
        use_xnnpack: bool,
        rng: np.random.Generator,
    ):
        begin = time.perf_counter_ns()
        self._interpreter = open_interpreter(path, num_threads, use_xnnpack)
        opened = time.perf_counter_ns() - begin
        details = self._interpreter.get_input_details()
        self._feedback = self._find_feedback()
        rows = _table_rows(path)
        self._inputs = [
            (d["index"], [_made_up(d, rows, rng) for _ in range(_INPUTS)])
            for d in details
            if d["index"] not in self._feedback
        ]
        for detail in details:
            # Memory that was never written may hold anything, such as slow denormal numbers.
            self._interpreter.set_tensor(detail["index"], np.zeros_like(_made_up(detail, 1, rng)))
        self._turn = 0
        self.load_us = (opened + self.run_ns()) / 1e3

    def run_ns(self) -> int:
        """Runs the file on the next inputs and returns the nanoseconds that this alone took."""
        for index, values in self._inputs:
            self._interpreter.set_tensor(index, values[self._turn % _INPUTS])
        self._turn += 1
        begin = time.perf_counter_ns()
        self._interpreter.invoke()
        taken = time.perf_counter_ns() - begin
        for into, out in self._feedback.items():
            self._interpreter.set_tensor(into, self._interpreter.get_tensor(out))
        return taken

    def _find_feedback(self) -> dict[int, int]:
        """Maps the input tensor of each state to its output tensor."""
        signatures = list(self._interpreter.get_signature_list())
        if len(signatures) != 1:
            return {}
        runner = self._interpreter.get_signature_runner(signatures[0])
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        return {inputs[n]["index"]: outputs[n]["index"] for n in inputs if n in outputs}


def _made_up(detail: dict[str, Any], rows: int, rng: np.random.Generator) -> np.ndarray:
    shape, dtype = detail["shape"], np.dtype(detail["dtype"])
    if np.issubdtype(dtype, np.integer):
        return rng.integers(0, rows, shape).astype(dtype)
    return rng.normal(size=shape).astype(dtype)


def _table_rows(path: str | os.PathLike) -> int:
    """Number of ids that every table of the file knows; 2 if it has no table."""
    with open(path, "rb") as stream:
        file = ModelFile(stream.read())
    tables = {"GATHER": 0, "EMBEDDING_LOOKUP": 1}
    rows = [
        int(file.graph.tensors[int(op.inputs[tables[name]])].shape[0])
        for op in file.graph.operators
        if (name := file.op_name(op)) in tables
    ]
    return min(rows, default=2)
