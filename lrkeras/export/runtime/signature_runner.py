"""Runs one signature of a file that carries states."""

from typing import Any

import numpy as np

from lrkeras.export.runtime.taken_numbers import as_taken

_Arrays = dict[str, np.ndarray]


class SignatureRunner:
    """Calls a signature and tells its inputs, outputs and states apart.

    A state is a tensor that the signature has under the same name as an input and as an output;
    nothing else about the file needs to be known.

    Args:
        interpreter: The `ai_edge_litert` interpreter of the file.
        name: The signature.
        graph: The number of its graph, if it is known. A call of the first graph, whose tensors an
            interpreter gives access to, costs half as much beside the computing: the runtime's own
            caller of signatures sizes all inputs anew each time (tools/benchmarks/bench_runner.py).

    Attributes:
        steps: Time steps of one call.
        batch: Streams that one call runs side by side.
        static_inputs: Names of the inputs without a time axis, beside others that have one.
        input_names, output_names, state_names: In the order of the signature.
        input_details: What the interpreter says about each input and state.
        input_shapes: Shape of each input and state.
        output_shapes: Shape of each output.
    """

    def __init__(self, interpreter: Any, name: str, graph: int | None = None):
        self._interpreter = interpreter
        runner = interpreter.get_signature_runner(name)
        self.name = name
        self.input_details = runner.get_input_details()
        outputs = runner.get_output_details()
        self.state_names = [n for n in self.input_details if n in outputs]
        self.input_names = [n for n in self.input_details if n not in outputs]
        self.output_names = [n for n in outputs if n not in self.input_details]
        self.output_shapes = {n: tuple(map(int, outputs[n]["shape"])) for n in self.output_names}
        self._is_first = graph == 0
        details = self.input_details.items()
        self.input_shapes = {name: tuple(map(int, detail["shape"])) for name, detail in details}
        timed = [name for name in self.input_names if self._is_timed(name)] or self.input_names
        self.static_inputs = [name for name in self.input_names if name not in timed]
        # The largest length, where the past and the future of a series have their own.
        self.steps = max(self.input_shapes[name][1] for name in timed)
        self.batch = self.input_shapes[timed[0]][0]
        self._dtypes = {name: np.dtype(detail["dtype"]) for name, detail in details}
        self._into = {name: detail["index"] for name, detail in self.input_details.items()}
        self._from = {name: detail["index"] for name, detail in outputs.items()}

    def _is_timed(self, name: str) -> bool:
        """Whether an input is ids, or has features beside its time axis."""
        is_ids = np.issubdtype(self.input_details[name]["dtype"], np.integer)
        return is_ids or len(self.input_shapes[name]) > 2

    def starts(self, inputs: _Arrays) -> range:
        """The steps at which calls begin that together run over sequences (batch, time, ...)."""
        time = min(
            value.shape[1] * self.steps // self.input_shapes[name][1]
            for name, value in inputs.items()
            if name not in self.static_inputs
        )
        return range(0, time - self.steps + 1, self.steps)

    def cut(self, inputs: _Arrays, begin: int) -> _Arrays:
        """What one call takes of sequences; inputs of other lengths have their own share."""
        found = {}
        for name, value in inputs.items():
            length = self.input_shapes[name][1]
            start = 0 if name in self.static_inputs else begin // self.steps * length
            found[name] = value[:, start : start + length]
        return found

    def zero_states(self) -> _Arrays:
        """States at the start of a sequence."""
        return {
            name: np.zeros(self.input_shapes[name], self._dtypes[name]) for name in self.state_names
        }

    def taken(self, name: str, value: Any) -> np.ndarray:
        """Numbers of an input or a state in the file's type; refused as `as_taken` does."""
        what = "state" if name in self.state_names else "input"
        return as_taken(np.asarray(value), self._dtypes[name], f"as the {what} {name!r}")

    def __call__(self, feed: _Arrays, states: _Arrays) -> tuple[_Arrays, _Arrays]:
        """Runs the signature.

        Args:
            feed: Inputs by name, in the file's shapes (leading axes of length one may be left
                out); ids and numbers are brought to its types.
            states: States by name.

        Returns:
            Outputs and new states by name, copied out of the interpreter.

        Raises:
            ValueError: If an input has another shape, or a number that is not finite or does not
                fit the file's type.
        """
        arrays = {name: self._array(name, value) for name, value in feed.items()}
        call = self._call_first_graph if self._is_first else self._call_by_name
        results = call(arrays, states)
        outputs = {name: results[name] for name in self.output_names}
        return outputs, {name: results[name] for name in self.state_names}

    def _array(self, name: str, value: Any) -> np.ndarray:
        value, shape = np.asarray(value), self.input_shapes[name]
        if value.shape != shape:
            if (1,) * (len(shape) - value.ndim) + value.shape != shape:
                what = "one step" if self.steps == 1 else f"{self.steps} steps"
                raise ValueError(
                    f"Expected the input {name!r} of {what} in shape {shape}, received "
                    f"{value.shape}."
                )
            value = value.reshape(shape)
        return self.taken(name, value)

    def _call_first_graph(self, feed: _Arrays, states: _Arrays) -> _Arrays:
        # One copy in and one out: a view on the interpreter's memory takes longer to make than
        # states and outputs to copy, and what is returned must outlive the next call anyway.
        interpreter = self._interpreter
        for name, index in self._into.items():
            interpreter.set_tensor(index, feed[name] if name in feed else states[name])
        interpreter.invoke()
        return {name: interpreter.get_tensor(index) for name, index in self._from.items()}

    def _call_by_name(self, feed: _Arrays, states: _Arrays) -> _Arrays:
        # A caller that is kept counts as a reference to internal data, and `invoke` refuses to run.
        return self._interpreter.get_signature_runner(self.name)(**feed, **states)
