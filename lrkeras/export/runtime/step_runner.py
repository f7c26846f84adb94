"""Runs a file one time step at a time, or a sequence of them."""

import copy
import json
import os
import threading
from collections.abc import Mapping
from typing import Any

import numpy as np

from lrkeras.export.runtime.call_lengths import call_lengths
from lrkeras.export.runtime.interpreters import open_interpreter
from lrkeras.export.runtime.signature_runner import SignatureRunner
from lrkeras.export.runtime.taken_numbers import check_states
from lrkeras.export.tflite.file_header import FileHeader
from lrkeras.export.tflite.metadata_entry import METADATA_NAME
from lrkeras.system.shortened import shortened

SIGNATURE = "step"
_CHUNK = "chunk_"


class StepRunner:
    """Feeds a file of steps or chunks and carries its states from one call to the next.

    A state is a tensor that a signature has under the same name as an input and as an output;
    nothing else about the file needs to be known. Where the file also has signatures `chunk_N`,
    `run` uses them for as much of a sequence as they fit. A file with chunks alone has `run` only.

    A file of a batch of N streams takes N steps at once, (N, 1, ...), and has states of N rows.
    Several sequences at once without that: `stream()` gives another runner of the same loaded
    file, with states of its own. Calls of different streams may come in any order and from
    different threads; they take turns in the one interpreter, so threads do not make them faster.
    A single stream is for one thread at a time: two that feed it at once leave no telling which
    step came first. What `step` and `run` return, and `states`, are copies that later calls
    leave alone.

    Args:
        path: A .tflite file with the signature `step` or `chunk_N`.
        num_threads: Threads of the kernels.
        use_xnnpack: Whether XNNPACK takes the operators it knows.

    Attributes:
        states: The states by name, to keep and to put back.
        input_names, output_names, state_names: In the order of the signature.
        metadata: The JSON entry `lrkeras` of the file; empty if it has none.

    Raises:
        FileNotFoundError: If there is no such file.
        ValueError: If it has neither signature, or metadata that are cut off or damaged.

    Example:
        >>> runner = StepRunner("model.tflite")  # doctest: +SKIP
        >>> runner.step(np.array([[7]], "int32")).shape  # doctest: +SKIP
        (1, 1, 10000)
        >>> other = runner.stream()  # doctest: +SKIP
    """

    def __init__(self, path: str | os.PathLike, num_threads: int = 1, use_xnnpack: bool = True):
        interpreter = open_interpreter(path, num_threads, use_xnnpack)
        header = FileHeader(path)
        known = {
            name: SignatureRunner(interpreter, name, graph)
            for name, graph in header.graphs.items()
            if name == SIGNATURE or name.startswith(_CHUNK)
        }
        if not known:
            raise ValueError(
                f"Expected a file with the signature {SIGNATURE!r} or '{_CHUNK}N', received "
                f"{os.fspath(path)!r} with {shortened(sorted(header.graphs))}. Convert the model "
                "with form='step'."
            )
        self._step = known.pop(SIGNATURE, None)
        chunks = sorted(known.values(), key=lambda chunk: -chunk.steps)
        self._chunks = [chunk for chunk in chunks if self._usable(chunk)]
        # What all calls have in common.
        self._any = self._step or self._chunks[0]
        self._turn = threading.Lock()
        self.state_names = self._any.state_names
        self.input_names = self._any.input_names
        self.output_names = self._any.output_names
        self.metadata: dict[str, Any] = json.loads(header.metadata(METADATA_NAME) or "{}")
        self._states: dict[str, np.ndarray] = {}
        self.reset()

    @property
    def states(self) -> dict[str, np.ndarray]:
        """The states by name, to keep and to put back; the next call looks at their shapes."""
        return self._states

    @states.setter
    def states(self, states: Mapping[str, Any]) -> None:
        self._states, self._are_checked = dict(states), False

    def _check_states(self) -> None:
        expected = {name: self._any.input_shapes[name] for name in self.state_names}
        received = {name: np.shape(value) for name, value in self._states.items()}
        if received != expected:
            raise ValueError(
                f"Expected the states {_listed(expected)}, received {_listed(received)}. Set "
                "`states` again, or call `reset`."
            )
        self._states = {name: self._any.taken(name, self._states[name]) for name in expected}
        self._are_checked = True

    @property
    def chunk_steps(self) -> list[int]:
        """Steps of the chunks that `run` uses, the longest first."""
        return [chunk.steps for chunk in self._chunks]

    def stream(self) -> "StepRunner":
        """Another runner of the same loaded file, at the start of a sequence of its own."""
        other = copy.copy(self)  # everything but the states is shared
        other.reset()
        return other

    def reset(self) -> None:
        """Sets every state to zeros, as at the start of a sequence."""
        self._states, self._are_checked = self._any.zero_states(), True

    def step(self, x: Any) -> Any:
        """Runs one time step and keeps the new states.

        Args:
            x: The input of the step, an array of the file's shape (leading axes of length one may
                be left out), or a dict of arrays by input name.

        Returns:
            The output, or a dict of outputs by name if there are several.

        Raises:
            ValueError: If names or shapes are not those of the file, of inputs or of states that
                were set, or a number among them is not finite or no number of the file's type
                (an id of 2.5), or the new states are not finite, or the file has chunks alone.
                The states are as they were.
            RuntimeError: If the runtime cannot run it, as with an id beyond a table.
        """
        if self._step is None:
            raise ValueError(
                f"Expected a file with the signature {SIGNATURE!r}, received one with chunks of "
                f"{self.chunk_steps} steps alone. Give `run` as many steps, or convert the model "
                "with forms=['step', ...]."
            )
        return self._single(self._advance(self._step, self._named(x)))

    def run(self, sequence: Any) -> Any:
        """Runs a sequence from the states as they are; call `reset` for a fresh start.

        Args:
            sequence: Array (time, ...) of the inputs of each step, or (1, time, ...) as Keras
                takes it, or a dict of such arrays by input name; (N, time, ...) for a file with
                a batch of N. An input without a time axis is given once, (1, features).

        Returns:
            The outputs of every step, (1, time, ...), or a dict of them. Of a file with chunks
            alone, an output of the last step has one value a chunk.

        Raises:
            ValueError: If names, shapes, lengths or numbers do not fit, new states are not
                finite, or the file has chunks alone and they do not fill the sequence. The states
                are as they were.
        """
        named = self._named(sequence)
        vectors = {name: named.pop(name) for name in self._any.static_inputs}
        # All is looked at before the first call: a refused sequence leaves the states alone.
        named = {name: self._any.taken(name, self._steps(name, named[name])) for name in named}
        lengths = {value.shape[1] for value in named.values()}
        if len(lengths) != 1 or 0 in lengths:
            raise ValueError(f"Expected inputs of one length above zero, received {lengths}.")
        calls = {part.steps: part for part in self._chunks}
        if self._step is not None:
            calls[1] = self._step
        at, parts, before = 0, [], self._states
        for steps in call_lengths(lengths.pop(), list(calls)):
            feed = {name: value[:, at : at + steps] for name, value in named.items()}
            try:
                parts.append(self._advance(calls[steps], feed | vectors))
            except ValueError:
                self._states = before
                raise
            at += steps
        return self._single({n: _joined([part[n] for part in parts]) for n in self.output_names})

    def _usable(self, chunk: SignatureRunner) -> bool:
        """Beside steps, a chunk whose output is of the last step only would leave gaps."""
        if self._step is None:
            return True
        shapes = [(one.output_shapes, one.steps) for one in (self._step, chunk)]
        (single, _), (several, steps) = shapes
        return all(
            len(single[name]) > 2 and several[name][1] == steps * single[name][1]
            for name in self._step.output_names
        )

    def _advance(self, part: SignatureRunner, named: dict[str, Any]) -> dict[str, np.ndarray]:
        if not self._are_checked:
            self._check_states()
        with self._turn:
            outputs, states = part(named, self._states)
        check_states(states)
        self._states = states
        return outputs

    def _single(self, outputs: dict[str, np.ndarray]) -> Any:
        return outputs[self.output_names[0]] if len(outputs) == 1 else outputs

    def _named(self, x: Any) -> dict[str, Any]:
        named = x if isinstance(x, dict) else {self.input_names[0]: x}
        if set(named) != set(self.input_names):
            raise ValueError(
                f"Expected the inputs {sorted(self.input_names)}, received {sorted(named)}."
            )
        return dict(named)

    def _steps(self, name: str, value: Any) -> np.ndarray:
        """A sequence of an input as (batch, time, ...)."""
        value, shape = np.asarray(value), self._any.input_shapes[name]
        if value.ndim == len(shape) - 1 and shape[0] == 1:
            value = value[None]
        if value.ndim != len(shape) or value.shape[0] != shape[0]:
            raise ValueError(
                f"Expected the input {name!r} of a sequence in shape ({shape[0]}, time"
                f"{''.join(f', {size}' for size in shape[2:])}), received {value.shape}."
            )
        return value


def _listed(shapes: Mapping[str, tuple[int, ...]]) -> str:
    return ", ".join(f"{name!r} of shape {shape}" for name, shape in shapes.items()) or "none"


def _joined(parts: list[np.ndarray]) -> np.ndarray:
    """Outputs (1, steps, ...), or (1, ...) of single steps, as (1, time, ...)."""
    first = parts[0]
    if first.ndim > 2:
        return np.concatenate(parts, axis=1)
    return np.stack(parts, axis=1)
