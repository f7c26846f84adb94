"""A .tflite file that is run again and again."""

import contextlib
import gc
import os
import pathlib
import time
import weakref
from collections.abc import Iterator
from typing import Any

import numpy as np

from lrkeras.benchmark.signatures import check_static, read_model, signature_graphs
from lrkeras.export.runtime.interpreters import allocate, load_interpreter
from lrkeras.export.tflite.extract_subgraph import extract_subgraph
from lrkeras.export.tflite.model_file import ModelFile
from lrkeras.system.held_folder import scratch_folder

# Enough different inputs that none stays special, few enough to make up beforehand.
_INPUTS = 16


class TimedModel:
    """Runs one signature with made-up inputs; states are fed back outside the time that is taken.

    A state is a tensor under the same name among the inputs and the outputs of the signature.
    Files without a signature get made-up inputs only.

    Args:
        path: Any .tflite file with static shapes.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.
        rng: Makes up the inputs.
        signature: Which one to run; None for the first.

    Attributes:
        open_us, allocate_us, first_run_us: Times of loading the file, in microseconds.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it cannot be loaded, has no such signature, or inputs of unknown shape.
    """

    def __init__(
        self,
        path: str | os.PathLike,
        num_threads: int,
        use_xnnpack: bool,
        rng: np.random.Generator,
        signature: str | None = None,
    ):
        file = read_model(path)
        graphs = signature_graphs(file)
        if signature not in graphs:
            if signature is not None:
                raise ValueError(
                    f"Expected one of the signatures {list(graphs)} of {os.fspath(path)!r}, "
                    f"received {signature!r}."
                )
            signature = next(iter(graphs))
        check_static(file, graphs[signature], path)
        self._load(path, graphs[signature], num_threads, use_xnnpack)
        self._feedback = self._find_feedback(signature)
        rows = _table_rows(file, graphs[signature])
        details = self._interpreter.get_input_details()
        self._inputs = [
            (d["index"], [_made_up(d, rows, rng) for _ in range(_INPUTS)])
            for d in details
            if d["index"] not in self._feedback
        ]
        for detail in details:
            # Memory that was never written may hold anything, such as slow denormal numbers.
            self._interpreter.set_tensor(detail["index"], np.zeros_like(_made_up(detail, 1, rng)))
        self._turn = 0
        self.first_run_us = self.run_ns() / 1e3

    @property
    def load_us(self) -> float:
        """Microseconds to open the file, allocate its tensors and run it for the first time."""
        return self.open_us + self.allocate_us + self.first_run_us

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

    def _load(
        self, path: str | os.PathLike, graph: int, num_threads: int, use_xnnpack: bool
    ) -> None:
        if graph:
            # An interpreter runs its first graph without copying; it reads the file while it lives.
            held = contextlib.ExitStack()
            folder = held.enter_context(scratch_folder())
            weakref.finalize(self, held.close)
            data = extract_subgraph(ModelFile(pathlib.Path(path).read_bytes()), graph)
            path = os.path.join(folder, os.path.basename(path))
            pathlib.Path(path).write_bytes(data)
        with _no_collection():
            begin = time.perf_counter_ns()
            self._interpreter = load_interpreter(path, num_threads, use_xnnpack)
            opened = time.perf_counter_ns()
            allocate(self._interpreter, path)
            allocated = time.perf_counter_ns()
        self.open_us = (opened - begin) / 1e3
        self.allocate_us = (allocated - opened) / 1e3

    def _find_feedback(self, signature: str | None) -> dict[int, int]:
        """Maps the input tensor of each state to its output tensor."""
        if signature is None:
            return {}
        runner = self._interpreter.get_signature_runner(signature)
        inputs, outputs = runner.get_input_details(), runner.get_output_details()
        return {
            inputs[name]["index"]: outputs[name]["index"]
            for name in inputs
            if name in outputs and _same_kind(inputs[name], outputs[name])
        }


@contextlib.contextmanager
def _no_collection() -> Iterator[None]:
    """While it lasts, no file pays for collecting the garbage of this process."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _same_kind(one: dict[str, Any], other: dict[str, Any]) -> bool:
    return one["dtype"] == other["dtype"] and tuple(one["shape"]) == tuple(other["shape"])


def _made_up(detail: dict[str, Any], rows: int, rng: np.random.Generator) -> np.ndarray:
    shape, dtype = tuple(detail["shape"]), np.dtype(detail["dtype"])
    if dtype == np.bool_:
        return rng.integers(0, 2, shape).astype(bool)
    if dtype in (np.int32, np.int64):
        return rng.integers(0, rows, shape).astype(dtype)
    if np.issubdtype(dtype, np.integer):
        # Quantised values: all of them occur.
        limits = np.iinfo(dtype)
        return rng.integers(limits.min, limits.max, shape, endpoint=True).astype(dtype)
    if np.issubdtype(dtype, np.number):
        return rng.normal(size=shape).astype(dtype)
    raise ValueError(
        f"Expected inputs of numbers, received {detail['name']!r} of type {dtype}. "
        "Inputs like this cannot be made up."
    )


def _table_rows(file: ModelFile, graph: int) -> int:
    """Number of ids that every table of a graph knows; 2 if it has no table."""
    tables = {"GATHER": 0, "EMBEDDING_LOOKUP": 1}
    tensors = file.model.subgraphs[graph].tensors
    rows = [
        int(tensors[int(op.inputs[tables[name]])].shape[0])
        for op in file.model.subgraphs[graph].operators or []
        if (name := file.op_name(op)) in tables
    ]
    return min(rows, default=2)
