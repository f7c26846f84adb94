"""Choosing between a file of steps and one of whole sequences."""

import dataclasses

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.conversion_failure import failed_layer
from lrkeras.export.form import AUTO, Form
from lrkeras.export.rounded_source import RoundedSource
from lrkeras.export.steps.step_builder import StepBuilder
from lrkeras.model_graph.encoder_decoder import EncoderDecoder
from lrkeras.model_graph.layers_of import has_graph


@dataclasses.dataclass(frozen=True)
class FormChoice:
    """Which form `"auto"` became, and why.

    Attributes:
        form: `"step"`, `"sequence"` or `"seq2seq"`.
        layer: Name of the layer that decided; None if every layer can stream.
        reason: Why, in a sentence.
    """

    form: str
    layer: str | None
    reason: str

    def __str__(self) -> str:
        decided = "every layer can stream" if self.form == "step" else "no layer alone decided"
        decided = decided if self.layer is None else f"`{self.layer}` decided"
        return f"form {self.form!r}, chosen because {decided}: {self.reason}"


def settled_forms(
    forms: list[Form], source: RoundedSource, steps: int | None, batch: int
) -> tuple[list[Form], FormChoice | None]:
    """Gives forms their length and batch, and chooses one in the place of `"auto"`.

    Args:
        forms: As the caller wants them.
        source: The model.
        steps: Length of whole sequences, as the caller gives it.
        batch: Sequences side by side.

    Raises:
        ConversionError: If a length is missing.
    """
    choice = None
    if forms[0].kind == AUTO:
        choice = _choice(source)
        forms = [Form.get(choice.form)]
    try:
        settled = [one.settled(source.model, steps) for one in forms]
    except ConversionError as error:
        if choice is None or steps is not None:
            raise
        raise ConversionError(
            f"Expected a model that can run in the form 'step', or a length for the form "
            f"'sequence', received `{source.model.name}`, whose length is open, with the layer "
            f"`{choice.layer}`: {choice.reason} Give the length of a sequence as steps=..., or "
            "build the model with keras.Input((length, ...))."
        ) from error
    return [dataclasses.replace(one, batch=batch) for one in settled], choice


def seq2seq_choice(model: keras.Model) -> FormChoice | None:
    """The choice of the form `"seq2seq"` in the place of `"auto"`, None where it is another.

    A training model of encoder and decoder whose targets are of any length is run one target step
    at a time; one of fixed lengths, such as a past and a future, gives all of its results at once.
    """
    if not has_graph(model):
        return None
    try:
        parts = EncoderDecoder.of(model)
    except Exception:  # whatever is wrong with the model, the other forms tell
        return None
    targets = [t for t in model.inputs if t.name in parts.target_names and t.shape[1] is None]
    computed = len(parts.encoder.layers) > len(parts.encoder.inputs)  # not inputs as they are
    if not targets or not computed or not parts.state_layers:
        return None
    layer = parts.state_layers[0][0].name
    reason = "its initial state is computed from the source, and its target has an open length."
    return FormChoice("seq2seq", layer, reason)


def _choice(source: RoundedSource) -> FormChoice:
    streaming = source.with_states()
    try:
        StepBuilder(streaming.model, form=Form(), state_names=streaming.state_names).build()
    except ConversionError as error:
        return FormChoice("sequence", error.layer, str(error))
    except Exception as error:
        return FormChoice("sequence", None, str(failed_layer(source.model, "step", error)))
    return FormChoice("step", None, "a step needs nothing but the states before it.")
