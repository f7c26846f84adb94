"""A Keras model of the time steps that one signature runs, made from a recurrent model."""

import dataclasses
from typing import Any

import keras
import numpy as np

from lrkeras.export.form import Form
from lrkeras.export.steps.recurrent_cell import RecurrentCell
from lrkeras.export.steps.time_axis import LAST, TimeAxis
from lrkeras.layers import MelSpectrogram
from lrkeras.model_graph.input_kinds import fixed_length


@dataclasses.dataclass
class StepModel:
    """Some time steps of a model, with every state as an input and an output of the same name.

    Attributes:
        model: Keras model `[*inputs, *states] -> [*outputs, *new_states]`, all with the batch
            of the form; inputs and outputs keep their time axis. A model of a whole sequence has no
            states.
        input_names, output_names, state_names: In the order of the model.
        layers: The layers of the user's model that are in it, once for each use.
        lowerings: How the cell of a recurrent layer is computed, where it is not as usual, by the
            identity of the layer.
        form: What runs at once.
        cells: The cells of the recurrent layers.
        spectrograms: The mel spectrogram layer that reads each input of raw samples, by the
            input's name. In a form with states such an input is (1, steps, stride).
        float_weights: Filters (outputs, inputs) that must not be quantised to int8.
        half_weights: Filters that may be float16, but not int8.
        output_axes: What the time axis of each output is, in the order of the outputs; None for a
            whole sequence.
        rate: Steps of the input that the slowest tensor has one step for.
        static_inputs: Names of the inputs without a time axis, in a form with states.
    """

    model: keras.Model
    input_names: list[str]
    output_names: list[str]
    state_names: list[str]
    layers: list[keras.layers.Layer]
    lowerings: dict[int, Any]
    form: Form = dataclasses.field(default_factory=Form)
    cells: list[RecurrentCell] = dataclasses.field(default_factory=list)
    spectrograms: dict[str, MelSpectrogram] = dataclasses.field(default_factory=dict)
    float_weights: list[np.ndarray] = dataclasses.field(default_factory=list)
    half_weights: list[np.ndarray] = dataclasses.field(default_factory=list)
    output_axes: list[TimeAxis] | None = None
    rate: int = 1
    static_inputs: list[str] = dataclasses.field(default_factory=list)

    def time_axes(self) -> dict[str, TimeAxis]:
        """The time axis of each output by name, `kind` other than `"steps"` where it has none."""
        if self.output_axes is not None:
            return dict(zip(self.output_names, self.output_axes, strict=True))
        outputs = self.model.outputs[: len(self.output_names)]
        return {
            name: TimeAxis() if self._has_all_steps(tensor) else TimeAxis(LAST)
            for name, tensor in zip(self.output_names, outputs, strict=True)
        }

    def _has_all_steps(self, output: Any) -> bool:
        return len(output.shape) > 2 and output.shape[1] == self.form.steps

    def length_of(self, model: keras.Model) -> int | None:
        """Number of steps that the user's model was built for, or None if it takes any."""
        length = fixed_length(model)
        strides = [layer.sequence_stride for layer in self.spectrograms.values()]
        if length is None or not strides or not self.form.has_states:
            return length
        return length // strides[0]

    def lengths(self, steps: int) -> dict[str, int]:
        """Length of each input of a comparison over so many steps, by name.

        Inputs of a whole sequence have their own, and may differ: the past and the future of a
        series, or a vector without steps.
        """
        inputs = zip(self.input_names, self.model.inputs, strict=False)
        return {
            name: steps
            if name in self.spectrograms
            or (self.form.has_states and name not in self.static_inputs)
            else int(tensor.shape[1])
            for name, tensor in inputs
        }

    def time_of(self, inputs: dict[str, np.ndarray]) -> int:
        """Steps of sequences (n, time, ...) by input name: of those with the file's time axis."""
        own = self.lengths(0)
        steps = self.form.steps
        timed = [
            name
            for name, length in own.items()
            if name not in self.static_inputs and (self.form.has_states or length in (0, steps))
        ]
        return inputs[(timed or self.input_names)[0]].shape[1]

    def zero_states(self) -> list[np.ndarray]:
        """States at the start of a sequence."""
        inputs = self.model.inputs[len(self.input_names) :]
        return [np.zeros(tensor.shape, np.float32) for tensor in inputs]

    def shapes(self) -> dict[str, dict[str, tuple[int, ...]]]:
        """Shapes by name of `"inputs"`, `"outputs"` and `"states"`."""
        inputs = [tuple(tensor.shape) for tensor in self.model.inputs]
        outputs = [tuple(tensor.shape) for tensor in self.model.outputs]
        return {
            "inputs": dict(zip(self.input_names, inputs, strict=False)),
            "outputs": dict(zip(self.output_names, outputs, strict=False)),
            "states": dict(zip(self.state_names, inputs[len(self.input_names) :], strict=True)),
        }


def delays_of(models: list[StepModel]) -> dict[str, int]:
    """By how many of its own steps each output of a file is late, where it is.

    Args:
        models: Those of a file.
    """
    for model in models:
        if model.form.has_states:
            return {name: axis.delay for name, axis in model.time_axes().items() if axis.delay}
    return {}
