"""Training models that compute their CTC loss, or decode, inside the graph."""

import dataclasses
import types
from collections.abc import Iterator
from typing import Any

import keras

from lrkeras.export.conversion_error import ConversionError
from lrkeras.export.cutting.live_calls import calls_before, live_calls, writers_of

# tf.nn.ctc_loss, and Keras 2's function on top of it, take the last output for the blank.
_BLANK_LAST = ("ctc_batch_cost", "ctc_decode")


@dataclasses.dataclass(frozen=True)
class CtcCut:
    """A model that ends at what goes into its CTC loss.

    Attributes:
        model: The model up to there; it has the inputs that this needs.
        settings: `output`, the number of the output with the scores; `probabilities`, whether a
            softmax made them; `blank`, the output that stands for no label, None where nothing
            tells.
        note: A sentence.
    """

    model: keras.Model
    settings: dict[str, Any]
    note: str


def cut_ctc(model: keras.Model) -> CtcCut | None:
    """Cuts a model at the scores that go into its CTC loss or decoding.

    Args:
        model: A built Sequential or Functional model; its layers are shared.

    Returns:
        None for a model without such a layer.

    Raises:
        ConversionError: If it cannot be told which tensor has the scores.
    """
    calls = live_calls(model)
    found = [call for call in calls if _is_ctc(*call)]
    if not found:
        return None
    writers = writers_of(calls)
    scores = {id(t): t for _, node in found for t in node.input_tensors if _may_be_scores(t, model)}
    if len(scores) != 1:
        raise _unclear(model, found[0][0], list(scores.values()), writers)
    (tensor,) = scores.values()
    behind = {id(node) for _, node in found}
    outputs: list[Any] = []
    for output in model.outputs:
        is_behind = bool(behind & {id(node) for _, node in calls_before([output], writers)})
        kept = tensor if is_behind else output
        if not any(kept is other for other in outputs):
            outputs.append(kept)
    place = next((i for i, output in enumerate(outputs) if output is tensor), None)
    if place is None:
        raise _unclear(model, found[0][0], [tensor], writers)
    maker = writers[id(tensor)][0]
    settings = {
        "output": place,
        "probabilities": _is_softmax(maker),
        "blank": _blank(found[0][0], tensor.shape[-1]),
    }
    return CtcCut(
        model=keras.Model(_needed(model, outputs, writers), outputs, name=model.name),
        settings=settings,
        note=_note(found[0][0], maker, settings),
    )


def _note(operation: Any, maker: Any, settings: dict[str, Any]) -> str:
    told = (
        f"`{operation.name}` ({type(operation).__name__}) was cut off: output "
        f"{settings['output']} has what goes into it, the scores of `{maker.name}`, which "
        "lrkeras.export.runtime.ctc_decoding.decode turns into labels"
    )
    if settings["blank"] is not None:
        return told
    return f"{told}; which output is the blank nothing tells: give it as `blank`"


def _is_ctc(operation: Any, node: Any) -> bool:
    if len(node.input_tensors) < 2 or isinstance(operation, keras.Model):
        return False  # scores go in with labels or lengths
    names = [type(operation).__name__, *_names_called(operation)]
    if isinstance(operation, keras.layers.Lambda):
        names.append(operation.name)
    return any("ctc" in name.lower() for name in names)


def _may_be_scores(tensor: Any, model: keras.Model) -> bool:
    """(batch, time, outputs), computed by the model."""
    is_input = any(tensor is given for given in model.inputs)
    return len(tensor.shape) == 3 and "float" in tensor.dtype and not is_input


def _names_called(operation: Any) -> Iterator[str]:
    """What the Python code of a Lambda or of a layer that is not Keras's own calls."""
    if isinstance(operation, keras.layers.Lambda):
        yield from _names_in(getattr(operation.function, "__code__", None))
        yield getattr(operation.function, "__name__", "")
    elif not type(operation).__module__.startswith("keras."):
        for name in ("__init__", "call"):
            yield from _names_in(getattr(getattr(type(operation), name, None), "__code__", None))


def _names_in(code: types.CodeType | None) -> Iterator[str]:
    if code is None:
        return
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, types.CodeType):
            yield from _names_in(constant)


def _blank(operation: Any, classes: int) -> int | None:
    if hasattr(operation, "mask_index"):  # keras.ops.ctc_loss and ctc_decode
        return int(operation.mask_index)
    names = list(_names_called(operation))
    return classes - 1 if any(name in _BLANK_LAST for name in names) else None


def _is_softmax(maker: Any) -> bool:
    if isinstance(maker, keras.layers.TimeDistributed):
        return _is_softmax(maker.layer)
    activation = getattr(maker, "activation", None)
    return "softmax" in (type(maker).__name__.lower(), getattr(activation, "__name__", ""))


def _needed(model: keras.Model, outputs: list[Any], writers: dict[int, Any]) -> list[Any]:
    read = {id(t) for _, node in calls_before(outputs, writers) for t in node.input_tensors}
    read |= {id(t) for _, node in calls_before(outputs, writers) for t in node.output_tensors}
    return [tensor for tensor in model.inputs if id(tensor) in read]


def _unclear(
    model: keras.Model, operation: Any, scores: list[Any], writers: dict[int, Any]
) -> ConversionError:
    layers = [writers[id(t)][0].name for t in scores if id(t) in writers]
    name = layers[0] if layers else "the_last_layer_before_it"
    needed = _needed(model, scores[:1], writers) if scores else model.inputs[:1]
    places = [i for i, tensor in enumerate(model.inputs) if any(tensor is one for one in needed)]
    inputs = ", ".join(f"model.inputs[{place}]" for place in places)
    return ConversionError(
        f"Expected one tensor (batch, time, outputs) that goes into `{operation.name}` "
        f"({type(operation).__name__}), which is for training, received those of "
        f"{layers or 'no layer'}. Convert the model up to the scores: "
        f'keras.Model([{inputs}], model.get_layer("{name}").output)'
    )
