"""The part of a model that a file holds."""

import dataclasses
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.cutting.ctc_loss import cut_ctc
from lrkeras.export.cutting.live_calls import live_calls
from lrkeras.export.cutting.text_layers import (
    TEXT_LAYERS,
    check_against_keras,
    ids_of,
    settings_of,
    vocabulary_of,
)


@dataclasses.dataclass(frozen=True)
class CutModel:
    """A model without what a runner does for it.

    Attributes:
        model: The rest; the model itself where nothing was cut.
        sample: The caller's sample for it.
        metadata: What the runner must know: `text` by input name, `labels` by output name, `ctc`.
        notes: A sentence for each part that was cut.
    """

    model: keras.Model
    sample: Any
    metadata: dict[str, Any]
    notes: list[str]

    @classmethod
    def of(cls, model: keras.Model, sample: Any) -> "CutModel":
        """Cuts a model.

        Args:
            model: A built Sequential or Functional model; its layers are shared.
            sample: What the caller gave to `convert`: texts or tokens for inputs of text.

        Raises:
            ConversionError: If a part that must be cut cannot be.
        """
        ctc = cut_ctc(model)
        if ctc is None:
            return cls._of_text(model, sample)
        kept = {tensor.name for tensor in ctc.model.inputs}
        if isinstance(sample, dict):  # what the loss read is no input any more
            gone = {tensor.name for tensor in model.inputs} - kept
            sample = {name: value for name, value in sample.items() if name not in gone}
        rest = cls._of_text(ctc.model, sample)
        metadata = {**rest.metadata, "ctc": ctc.settings}
        return cls(rest.model, rest.sample, metadata, [ctc.note, *rest.notes])

    @classmethod
    def _of_text(cls, model: keras.Model, sample: Any) -> "CutModel":
        front, back = _text_in_front(model), _labels_at_the_end(model)
        if not front and not back:
            return cls(model, sample, {}, [])
        samples = _by_name(model, sample)
        text, notes, labels = {}, [], {}
        for place, (layer, _) in front.items():
            name = model.inputs[place].name
            text[name] = settings_of(layer)
            given = samples.get(name)
            check_against_keras(layer, text[name], _singles(given))
            if given is not None:
                samples[name] = ids_of(layer, given)
            notes.append(
                f"`{layer.name}` ({text[name]['kind']}) was cut off: the input `{name}` is its "
                "ids, which lrkeras.export.runtime.text_input.TextInput makes of text"
            )
        for place, (layer, tensor) in back.items():
            labels[model.output_names[place]] = vocabulary_of(layer)
            notes.append(
                f"`{layer.name}` was cut off: `labels` in the metadata are the tokens, and output "
                f"{place} has {'their scores' if 'float' in tensor.dtype else 'their places'}"
            )
        metadata = {"text": text} if text else {}
        return cls(
            model=_between(model, front, back),
            sample=samples or None,
            metadata=metadata | ({"labels": labels} if labels else {}),
            notes=notes,
        )


Places = dict[int, tuple[keras.layers.Layer, Any]]


def _text_in_front(model: keras.Model) -> Places:
    """The text layer that reads each input, with its output, by the place of the input."""
    found: Places = {}
    calls = live_calls(model)
    for place, tensor in enumerate(model.inputs):
        readers = [
            (operation, node)
            for operation, node in calls
            if any(given is tensor for given in node.input_tensors)
        ]
        text = [one for one in readers if isinstance(one[0], TEXT_LAYERS)]
        if text and len(readers) == 1:
            ((layer, node),) = text
            found[place] = (layer, node.output_tensors[0])
        elif tensor.dtype == "string":
            names = ", ".join(
                f"`{operation.name}` ({type(operation).__name__})" for operation, _ in readers
            )
            raise ConversionError(
                f"Expected the input `{tensor.name}` of text to be read by one TextVectorization "
                f"or StringLookup of the model itself, received {names}. Take the text out: "
                "convert a model that starts at the ids, and make them before the file is called."
            )
    return found


def _labels_at_the_end(model: keras.Model) -> Places:
    """The inverted lookup that makes each output, with what it looks up, by place.

    Where that is the place of the largest score, with the scores: `keras.ops.argmax` lowers to an
    operator that no runtime has.
    """
    found: Places = {}
    calls = live_calls(model)
    scores = {
        id(node.output_tensors[0]): node.input_tensors[0]
        for operation, node in calls
        if type(operation).__name__ == "Argmax"
        and operation.axis in (-1, len(node.input_tensors[0].shape) - 1)
    }
    for operation, node in calls:
        if not isinstance(operation, TEXT_LAYERS[1:]) or not operation.invert:
            continue
        for place, output in enumerate(model.outputs):
            if any(output is made for made in node.output_tensors):
                looked_up = node.input_tensors[0]
                found[place] = (operation, scores.get(id(looked_up), looked_up))
    return found


def _between(model: keras.Model, front: Places, back: Places) -> keras.Model:
    """The model from the ids to the numbers, its inputs under their old names."""
    begins = [front[i][1] if i in front else tensor for i, tensor in enumerate(model.inputs)]
    ends = [back[i][1] if i in back else tensor for i, tensor in enumerate(model.outputs)]
    rest = keras.Model(begins, ends)
    inputs = [
        keras.Input(batch_shape=tensor.shape, dtype=tensor.dtype, name=old.name)
        for tensor, old in zip(begins, model.inputs, strict=True)
    ]
    kept = keras.models.clone_model(rest, input_tensors=inputs, clone_function=lambda one: one)
    return keras.Model(inputs, kept.outputs, name=model.name)


def _by_name(model: keras.Model, sample: Any) -> dict[str, Any]:
    if sample is None:
        return {}
    return dict(sample) if isinstance(sample, dict) else {model.inputs[0].name: sample}


def _singles(given: Any) -> list[Any]:
    """Single texts or tokens of a sample, a hundred at most."""
    if given is None:
        return []
    flat = keras.tree.flatten(given.tolist() if hasattr(given, "tolist") else given)
    return [text.decode() if isinstance(text, bytes) else text for text in flat[:100]]
