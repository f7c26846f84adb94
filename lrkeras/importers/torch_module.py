"""`from_torch`: from a PyTorch module to a Keras model that was compared with it."""

from __future__ import annotations

import contextlib
import inspect
import itertools
import logging
import sys
import warnings
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from lrkeras.importers.onnx.graph_builder import BuiltModel
from lrkeras.importers.onnx.load_onnx import model_of_proto, told
from lrkeras.importers.onnx.node_error import ADVICE, RefusedNodeError
from lrkeras.importers.onnx.read_file import checked
from lrkeras.importers.open_axes import Axis, doubled, open_axes
from lrkeras.importers.torch_examples import (
    arguments_of,
    flat,
    names_of,
    on_device,
    open_shapes,
    refilled,
)
from lrkeras.importers.torch_recurrent import whole_when_exported
from lrkeras.legacy_h5.reason_of import reason_of
from lrkeras.system.optional_imports import require

__all__ = ["from_torch"]

_ADVICE = (
    "Give from_torch the modules before it and after it, each on its own, write the part between "
    "as a Keras layer or in keras.ops, and join them: after(between(before.output))."
)


def from_torch(module: Any, example_inputs: Any) -> keras.Model:
    """Makes a Keras Functional model that computes what a PyTorch module does at inference.

    `nn.LSTM` (also with `proj_size`), `nn.GRU` and `nn.RNN` (with layers, both directions, either
    `batch_first`), and modules of them with Linear, Embedding, convolutions, normalizations,
    attention and arithmetic, become Keras layers with the same weights, named after the modules.
    The module is exported to ONNX in memory and imported from there, so what is said of inputs,
    outputs and states in `lrkeras.importers.onnx.load_onnx` holds: inputs and outputs of the model
    have their batch first and time second, whatever `batch_first` says, and states that are passed
    in and out are inputs and outputs of shape (batch, width), one for each layer and direction. The
    inputs carry the names of the arguments of `forward`.

    Sequences that the module packs (`pack_padded_sequence`) stay padded: the lengths are an input
    of the model, and what `pad_packed_sequence` gives has all steps, zeros behind a sequence.

    The first two axes of an example that the module takes in another size are open in the model:
    the batch, and time. It is called with longer examples to find out. The others have the size of
    the examples, and so have all but the batch where a part can be imported with fixed sizes alone.

    The model is compared with the module on random inputs before it is returned.

    Args:
        module: A `torch.nn.Module` in float32. It is left as it was, on its device and in its
            training mode.
        example_inputs: What `forward` takes: a tensor, a tuple of arguments (tensors, or tuples of
            them for states), or a dict of them by name.

    Returns:
        The model, not compiled.

    Raises:
        ValueError: The module cannot be exported, for example because its control flow depends on
            data; a part of it cannot be imported; or the model differs from it.
        ImportError: `torch`, `onnxscript` or `onnx` is missing; the message says how to install
            them.

    Example:
        >>> model = lrkeras.from_torch(module, torch.zeros(2, 10, 8))  # doctest: +SKIP
    """
    torch = require("torch", "torch")
    require("onnxscript", "torch")
    require("onnx", "torch")
    if not isinstance(module, torch.nn.Module):
        raise ValueError(
            f"Expected a torch.nn.Module, received {type(module).__name__}. Make the module, and "
            "load weights from a file with module.load_state_dict(weights)."
        )
    _check_modules(module, torch)
    args, kwargs = arguments_of(example_inputs)
    args, kwargs = (on_device(part, module, torch) for part in (args, kwargs))
    names = names_of(module, args, kwargs)
    with _at_inference(module, torch), _without_triton():
        opened, groups = _opened(module, args, kwargs, torch)
        # Loops over time, and shapes that are computed, may need sizes that are fixed.
        attempts: list[Any] = [(opened, groups)]
        if len(groups) > 1:
            attempts.append((opened, groups[:1]))
        if groups:
            attempts.append(((args, kwargs), []))
        return told(_first_built(module, attempts, names, torch))


def _first_built(module: Any, attempts: list[Any], names: list[str], torch: Any) -> BuiltModel:
    """The model with the first examples and open axes that go."""
    *others, (given, groups) = attempts
    for first, axes in others:
        try:
            return _built(module, first, axes, names, torch)
        except ValueError as error:
            if any(isinstance(cause, RefusedNodeError) for cause in _causes(error)):
                raise
    return _built(module, given, groups, names, torch)


def _built(
    module: Any, given: Any, groups: list[set[Axis]], names: list[str], torch: Any
) -> BuiltModel:
    """The model with these axes open, compared with the module."""
    args, kwargs = given
    axes = {axis for group in groups for axis in group}
    proto = _exported(module, args, kwargs, names, axes, torch)

    def reference(inputs: dict[str, np.ndarray]) -> list[np.ndarray]:
        values = iter([inputs[name] for name in names])
        tensors = iter(
            [torch.as_tensor(next(values)).to(t.device, t.dtype) for t in flat([args, kwargs])]
        )
        arguments, options = (refilled(part, tensors) for part in (args, kwargs))
        return [t.cpu().numpy() for t in flat(module(*arguments, **options))]

    kind = type(module).__name__
    try:
        return model_of_proto(proto, lambda: reference, kind.lower())
    except ValueError as error:
        reason = str(error).replace(ADVICE, _ADVICE)
        raise ValueError(f"The module {kind} cannot be imported. {reason}") from error


def _exported(module: Any, args: Any, kwargs: Any, names: list[str], axes: Any, torch: Any) -> Any:
    """The module as an `onnx.ModelProto`, with the axes open that can be."""
    kind = type(module).__name__
    bound = inspect.signature(module.forward).bind(*args, **kwargs).arguments
    places = itertools.count()
    shapes = {name: open_shapes(value, axes, places, torch) for name, value in bound.items()}
    shapes = _as_called(module, shapes)
    try:
        with whole_when_exported(module, torch):
            proto = torch.onnx.export(
                module,
                args,
                kwargs=kwargs,
                input_names=names,
                dynamic_shapes=shapes,
                dynamo=True,
                verbose=False,
            ).model_proto
    except Exception as error:
        raise ValueError(
            f"The module {kind} cannot be exported by torch.onnx.export: {_reason(error)} Where "
            "its control flow depends on the values of tensors, write it with torch.where; or give "
            "from_torch the modules inside that do without, each on its own."
        ) from error
    return checked(proto, f"The ONNX model of the module {kind}")


def _as_called(module: Any, shapes: dict[str, Any]) -> Any:
    """The open axes by argument, as torch.export wants them for `*args` too."""
    kinds = inspect.signature(module.forward).parameters
    if any(kinds[name].kind is inspect.Parameter.VAR_POSITIONAL for name in shapes):
        return tuple(
            x
            for n, s in shapes.items()
            for x in (s if kinds[n].kind is inspect.Parameter.VAR_POSITIONAL else (s,))
        )
    return shapes


def _opened(module: Any, args: Any, kwargs: Any, torch: Any) -> tuple[Any, list[set[Axis]]]:
    """The examples with at least two entries along each open axis, and these, the first one first.

    PyTorch takes an axis of size one for one that must have this size.
    """

    def called_with(tensors: list[Any]) -> tuple[Any, Any]:
        values = iter(tensors)
        return refilled(args, values), refilled(kwargs, values)

    def runs(tensors: list[Any]) -> bool:
        new_args, new_kwargs = called_with(tensors)
        try:
            module(*new_args, **new_kwargs)
        except Exception:
            return False
        return True

    tensors = flat(args) + flat(kwargs)
    groups = open_axes(tensors, runs, torch)
    groups = _at_most_two(groups, tensors)
    for group in groups:
        if all(tensors[number].shape[axis] == 1 for number, axis in group):
            tensors = doubled(tensors, group, torch)
    return called_with(tensors), groups


def _at_most_two(groups: list[set[Axis]], tensors: list[Any]) -> list[set[Axis]]:
    """The groups without those beyond the batch and time, the first two axes of a tensor."""
    counts = [0] * len(tensors)
    kept = []
    for group in sorted(groups, key=lambda group: min(axis for _, axis in group)):
        if all(counts[number] < 2 for number, _ in group):
            kept.append(group)
            for number, _ in group:
                counts[number] += 1
    return kept


def _reason(error: BaseException) -> str:
    """The innermost cause, in one line of plain text."""
    *_, innermost = _causes(error)
    return reason_of(innermost).rstrip(".") + "."


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """An error and what it came from, the innermost one last."""
    while error is not None:
        yield error
        error = error.__cause__


def _check_modules(module: Any, torch: Any) -> None:
    wrong = [n for n, p in module.named_parameters() if p.dtype != torch.float32]
    if wrong:
        raise ValueError(
            f"Expected a module in float32, received {wrong[0]!r} in another type. Call "
            "module.float() first."
        )


@contextlib.contextmanager
def _at_inference(module: Any, torch: Any) -> Iterator[None]:
    """While it lasts the module infers, without gradients and without a word."""
    modes = {part: part.training for part in module.modules()}
    disabled = logging.root.manager.disable
    module.eval()
    logging.disable(logging.WARNING)
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        logging.disable(disabled)
        for part, mode in modes.items():
            part.training = mode


@contextlib.contextmanager
def _without_triton() -> Iterator[None]:
    """Keeps PyTorch from loading Triton after TensorFlow, which ends the process.

    Both bring a copy of LLVM. Triton compiles kernels for GPUs, and no export needs it.
    """
    is_blocked = "tensorflow" in sys.modules and "triton" not in sys.modules
    if is_blocked:
        sys.modules["triton"] = None  # type: ignore[assignment]
    try:
        yield
    finally:
        if is_blocked:
            del sys.modules["triton"]
