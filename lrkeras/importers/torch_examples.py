"""What the examples for a PyTorch module hold: tensors in nested tuples, lists and dicts."""

from __future__ import annotations

import inspect
from collections.abc import Iterator
from typing import Any

from lrkeras.importers.open_axes import Axis


def arguments_of(example_inputs: Any) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """Positional arguments, and those by name."""
    if isinstance(example_inputs, dict):
        return (), dict(example_inputs)
    if isinstance(example_inputs, (list, tuple)):
        return tuple(example_inputs), {}
    return (example_inputs,), {}


def names_of(module: Any, args: Any, kwargs: Any) -> list[str]:
    """A name for each tensor: that of the argument, numbered where the argument has several."""
    try:
        bound = inspect.signature(module.forward).bind(*args, **kwargs)
    except TypeError as error:
        raise ValueError(
            f"The example inputs do not fit forward of {type(module).__name__}: {error}. Give a "
            "tensor, a tuple of its arguments, or a dict of them by name."
        ) from error
    names: list[str] = []
    for name, value in bound.arguments.items():
        tensors = flat(value)
        names += [name] if len(tensors) == 1 else [f"{name}_{i}" for i in range(len(tensors))]
    return names


def flat(value: Any) -> list[Any]:
    """The tensors in nested tuples, lists and dicts."""
    if isinstance(value, dict):
        return [tensor for item in value.values() for tensor in flat(item)]
    if isinstance(value, (list, tuple)):
        return [tensor for item in value for tensor in flat(item)]
    return [] if value is None else [value]


def refilled(value: Any, tensors: Iterator[Any]) -> Any:
    """The same nest with other tensors."""
    if isinstance(value, dict):
        return {key: refilled(item, tensors) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(refilled(item, tensors) for item in value)
    return None if value is None else next(tensors)


def on_device(value: Any, module: Any, torch: Any) -> Any:
    """The examples where the module's weights are."""
    device = next((p.device for p in module.parameters()), torch.device("cpu"))
    if isinstance(value, dict):
        return {key: on_device(item, module, torch) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(on_device(item, module, torch) for item in value)
    if value is None:
        return None
    if not isinstance(value, torch.Tensor):
        raise ValueError(
            f"Expected tensors as example inputs, received {type(value).__name__}. Leave out "
            "arguments with a default, or wrap the module in one that takes tensors alone."
        )
    if value.is_floating_point() and value.dtype != torch.float32:
        raise ValueError(
            f"Expected example inputs in float32 or integers, received {value.dtype}. Call "
            ".float() on them."
        )
    return value.detach().to(device)


def open_shapes(value: Any, axes: set[Axis], places: Iterator[int], torch: Any) -> Any:
    """What torch.export wants to know of an argument."""
    if isinstance(value, dict):
        return {key: open_shapes(item, axes, places, torch) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return type(value)(open_shapes(item, axes, places, torch) for item in value)
    if value is None:
        return None
    number = next(places)
    dim = torch.export.Dim.AUTO
    return {axis: dim for axis in range(value.dim()) if (number, axis) in axes}
