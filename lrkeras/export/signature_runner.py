"""Runs one signature of a file that carries states."""

from typing import Any

import numpy as np


class SignatureRunner:
    """Calls a signature and tells its inputs, outputs and states apart.

    A state is a tensor that the signature has under the same name as an input and as an output;
    nothing else about the file needs to be known.

    Args:
        interpreter: The `ai_edge_litert` interpreter of the file.
        name: The signature.

    Attributes:
        steps: Time steps of one call.
        input_names, output_names, state_names: In the order of the signature.
        input_details: What the interpreter says about each input and state.
        output_shapes: Shape of each output.
    """

    def __init__(self, interpreter: Any, name: str):
        self._run = interpreter.get_signature_runner(name)
        self.name = name
        self.input_details = self._run.get_input_details()
        outputs = self._run.get_output_details()
        self.state_names = [n for n in self.input_details if n in outputs]
        self.input_names = [n for n in self.input_details if n not in outputs]
        self.output_names = [n for n in outputs if n not in self.input_details]
        self.output_shapes = {n: tuple(map(int, outputs[n]["shape"])) for n in self.output_names}
        self.steps = int(self.input_details[self.input_names[0]]["shape"][1])

    def zero_states(self) -> dict[str, np.ndarray]:
        """States at the start of a sequence."""
        details = {name: self.input_details[name] for name in self.state_names}
        return {name: np.zeros(d["shape"], d["dtype"]) for name, d in details.items()}

    def has_time_axis(self, output: str) -> bool:
        """Whether an output has a result for every step, rather than for the last one."""
        shape = self.output_shapes[output]
        return len(shape) > 2 and shape[1] == self.steps

    def __call__(
        self, feed: dict[str, np.ndarray], states: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
        """Runs the signature.

        Args:
            feed: Inputs by name, in any shape of as many elements as the file's; ids and numbers
                are brought to its types.
            states: States by name.

        Returns:
            Outputs and new states by name, copied out of the interpreter.
        """
        details = {name: self.input_details[name] for name in feed}
        inputs = {
            name: np.asarray(value).reshape(details[name]["shape"]).astype(details[name]["dtype"])
            for name, value in feed.items()
        }
        results = self._run(**inputs, **states)
        outputs = {name: np.array(results[name]) for name in self.output_names}
        return outputs, {name: np.array(results[name]) for name in self.state_names}
