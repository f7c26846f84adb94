"""Runs a step file, one time step at a time."""

import json
import os
from typing import Any

import numpy as np

from lrkeras.export.interpreters import open_interpreter
from lrkeras.export.model_file import ModelFile

METADATA_NAME = "lrkeras"
SIGNATURE = "step"


class StepRunner:
    """Feeds a step file and carries its states from one step to the next.

    A state is a tensor that the signature `step` has under the same name as an input and as an
    output; nothing else about the file needs to be known.

    Args:
        path: A .tflite file with the signature `step`.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has no signature `step`.

    Example:
        >>> runner = StepRunner("model.tflite")  # doctest: +SKIP
        >>> runner.step(np.array([[7]], "int32")).shape  # doctest: +SKIP
        (1, 1, 10000)
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1, use_xnnpack: bool = True):
        self._interpreter = open_interpreter(path, num_threads, use_xnnpack)
        signatures = self._interpreter.get_signature_list()
        if SIGNATURE not in signatures:
            raise ValueError(
                f"Expected a file with the signature {SIGNATURE!r}, received {os.fspath(path)!r} "
                f"with {sorted(signatures)}. Convert the model with form='step'."
            )
        self._signature = self._interpreter.get_signature_runner(SIGNATURE)
        self._details = self._signature.get_input_details()
        outputs = list(self._signature.get_output_details())
        self.state_names = [name for name in self._details if name in outputs]
        self.input_names = [name for name in self._details if name not in outputs]
        self.output_names = [name for name in outputs if name not in self._details]
        self.metadata = _read_metadata(path)
        self.states: dict[str, np.ndarray] = {}
        self.reset()

    def reset(self) -> None:
        """Sets every state to zeros, as at the start of a sequence."""
        for name in self.state_names:
            detail = self._details[name]
            self.states[name] = np.zeros(detail["shape"], detail["dtype"])

    def step(self, x: Any) -> Any:
        """Runs one time step and keeps the new states.

        Args:
            x: The input of the step, an array of the file's shape (leading axes of length one may
                be left out), or a dict of arrays by input name.

        Returns:
            The output, or a dict of outputs by name if there are several.

        Raises:
            ValueError: If names or shapes are not those of the file.
        """
        feed = {name: self._fit(name, value) for name, value in self._named(x).items()}
        results = self._signature(**feed, **self.states)
        self.states = {name: np.array(results[name]) for name in self.state_names}
        outputs = {name: np.array(results[name]) for name in self.output_names}
        return outputs[self.output_names[0]] if len(outputs) == 1 else outputs

    def run(self, sequence: Any) -> Any:
        """Runs a sequence from the states as they are; call `reset` for a fresh start.

        Args:
            sequence: Array (time, ...) of the inputs of each step, or (1, time, ...) as Keras
                takes it, or a dict of such arrays by input name.

        Returns:
            The outputs of every step, (1, time, ...), or a dict of them.
        """
        named = {name: self._steps(name, value) for name, value in self._named(sequence).items()}
        lengths = {len(value) for value in named.values()}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"Expected inputs of one length above zero, received {lengths}.")
        results = [
            self.step({name: value[t] for name, value in named.items()})
            for t in range(lengths.pop())
        ]
        if isinstance(results[0], dict):
            return {name: _joined([r[name] for r in results]) for name in self.output_names}
        return _joined(results)

    def _named(self, x: Any) -> dict[str, Any]:
        named = x if isinstance(x, dict) else {self.input_names[0]: x}
        if set(named) != set(self.input_names):
            raise ValueError(
                f"Expected the inputs {sorted(self.input_names)}, received {sorted(named)}."
            )
        return named

    def _fit(self, name: str, value: Any) -> np.ndarray:
        detail = self._details[name]
        value = np.asarray(value)
        shape = tuple(int(size) for size in detail["shape"])
        if value.size != np.prod(shape) or value.ndim > len(shape):
            raise ValueError(
                f"Expected the input {name!r} of one step in shape {shape}, received {value.shape}."
            )
        return value.reshape(shape).astype(detail["dtype"])

    def _steps(self, name: str, value: Any) -> np.ndarray:
        value = np.asarray(value)
        rank = len(self._details[name]["shape"])
        return value[0] if value.ndim == rank and len(value) == 1 else value


def _joined(steps: list[np.ndarray]) -> np.ndarray:
    """Outputs (1, 1, ...) or (1, ...) of steps as (1, time, ...)."""
    first = steps[0]
    if first.ndim > 2:
        return np.concatenate(steps, axis=1)
    return np.stack(steps, axis=1)


def _read_metadata(path: str | os.PathLike) -> dict[str, Any]:
    with open(path, "rb") as stream:
        entry = ModelFile(stream.read()).metadata(METADATA_NAME)
    return {} if entry is None else json.loads(entry)
