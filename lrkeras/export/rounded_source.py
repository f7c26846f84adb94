"""The model that a file is made of, its weights rounded where the file has few bits."""

import dataclasses

import keras
import numpy as np

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.parity.keras_runs import run_model
from lrkeras.export.parity.parity_error import ParityError
from lrkeras.export.quantization import Quantization
from lrkeras.export.steps.step_model import StepModel
from lrkeras.model_graph.float32_copy import as_float32
from lrkeras.model_graph.state_inputs import without_state_inputs
from lrkeras.rounding.held_weight import held_weights
from lrkeras.rounding.rounded_copy import plain_copy, rounded_copy
from lrkeras.rounding.rounded_model import RoundedModel


@dataclasses.dataclass(frozen=True)
class RoundedSource:
    """A model in float32, and what rounding made of its weights beforehand.

    Attributes:
        model: The model whose weights the file has; the file is compared with it.
        bits: To how many bits weights were rounded; None if they were not.
        weights: For every weight of the model with two dimensions or more, by name, to how
            many bits it was rounded or why it was not; empty if none was.
        unrounded: The user's model in float32, if the weights were rounded for this file; None if
            they were not, or had been before.
        state_names: Names of the states of recurrent layers whose states were inputs of the model,
            by name of the layer.
    """

    model: keras.Model
    bits: int | None = None
    weights: dict[str, str] = dataclasses.field(default_factory=dict)
    unrounded: keras.Model | None = None
    state_names: dict[str, list[str]] = dataclasses.field(default_factory=dict)

    def with_states(self) -> "RoundedSource":
        """The same of a model that carries the states that it has as inputs."""
        model, names = without_state_inputs(self.model)
        unrounded = None if self.unrounded is None else without_state_inputs(self.unrounded)[0]
        return dataclasses.replace(self, model=model, unrounded=unrounded, state_names=names)

    @classmethod
    def of(cls, model: keras.Model, quantization: Quantization) -> "RoundedSource":
        """Rounds what a file of this kind has in four bits.

        A model that trained with rounded weights gives exactly these. Any other model is rounded
        with the scales of the least squared error, for files of four bits only.

        Raises:
            ConversionError: If the model was rounded to more bits than the file has, or a file of
                four bits would have no weights of four bits.
        """
        if isinstance(model, RoundedModel):
            _check_bits(model, quantization)
            plain = as_float32(plain_copy(model))
            return cls(plain, model.bits, _weights(model, model.rounded, model.bits))
        plain = as_float32(model)
        if quantization.bits >= 8:
            return cls(plain)
        names = [weight.name for weight in held_weights(plain) if weight.refusal is None]
        if not names:
            raise ConversionError(_nothing_to_round(plain, quantization))
        rounded = plain_copy(rounded_copy(plain, quantization.bits, names))
        return cls(rounded, quantization.bits, _weights(plain, names, quantization.bits), plain)

    def losses(self, step: StepModel, inputs: dict[str, np.ndarray]) -> list[ParityError]:
        """How far the rounded model is from the one that was not, for each output.

        Args:
            step: The step model, whose names the outputs have.
            inputs: By name, (sequences, time, ...).
        """
        if self.unrounded is None:
            return []
        found, expected = (run_model(m, step, inputs) for m in (self.model, self.unrounded))
        losses = []
        for name, values in expected.items():
            steps = sorted(values)
            losses.append(
                ParityError.of(
                    np.stack([found[name][t] for t in steps]),
                    np.stack([values[t] for t in steps]),
                    steps,
                    True,
                    tensor=name,
                    signature="",
                    run="Keras",
                )
            )
        return losses


def _check_bits(model: RoundedModel, quantization: Quantization) -> None:
    if quantization.bits < model.bits:
        raise ConversionError(
            f"Expected a model rounded to {quantization.bits} bits for quantize='{quantization}', "
            f"received `{model.name}`, rounded to {model.bits}. Use quantize='int{model.bits}', or "
            f"quantize_aware(..., bits={quantization.bits})."
        )


def _weights(model: keras.Model, names: list[str] | tuple[str, ...], bits: int) -> dict[str, str]:
    found = {}
    for weight in held_weights(model):
        if weight.name not in names:
            found[weight.name] = weight.refusal or "left out"
        elif bits == 4 and weight.variable.shape[1 if weight.axes == (0,) else 0] % 2:
            found[weight.name] = "rounded to 4 bits, in a byte each: runtimes take pairs of inputs"
        else:
            found[weight.name] = f"rounded to {bits} bits"
    return found


def _nothing_to_round(model: keras.Model, quantization: Quantization) -> str:
    reasons = "; ".join(f"{weight.name}: {weight.refusal}" for weight in held_weights(model))
    return (
        f"Expected a matrix that can be stored in {quantization.bits} bits, received "
        f"`{model.name}` with none. {reasons or 'It has no weights'}. Use quantize='int8'."
    )
