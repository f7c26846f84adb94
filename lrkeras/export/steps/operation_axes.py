"""Which operations of `keras.ops` act on single time steps, by the axes that they run along."""

from typing import Any

import keras
import numpy as np

# Each number of the result is made of numbers at the same place.
_ELEMENTWISE = frozenset(
    [
        "Absolute",
        "Add",
        "Ceil",
        "Clip",
        "Cast",
        "Divide",
        "DivideNoNan",
        "Elu",
        "Equal",
        "Exp",
        "Expm1",
        "Floor",
        "FloorDivide",
        "Gelu",
        "Greater",
        "GreaterEqual",
        "HardSigmoid",
        "HardSilu",
        "HardTanh",
        "Isfinite",
        "LeakyRelu",
        "Less",
        "LessEqual",
        "Log",
        "Log10",
        "Log1p",
        "Log2",
        "LogSigmoid",
        "LogicalAnd",
        "LogicalNot",
        "LogicalOr",
        "Maximum",
        "Minimum",
        "Mod",
        "Multiply",
        "Negative",
        "NotEqual",
        "Power",
        "Reciprocal",
        "Relu",
        "Relu6",
        "Round",
        "Rsqrt",
        "Selu",
        "Sigmoid",
        "Sign",
        "Silu",
        "Sin",
        "Cos",
        "Softplus",
        "Softsign",
        "Sqrt",
        "Square",
        "StopGradient",
        "Subtract",
        "Tanh",
        "TrueDivide",
        "Where",
    ]
)
_REDUCTIONS = frozenset(
    [
        "All",
        "Amax",
        "Amin",
        "Any",
        "Argmax",
        "Argmin",
        "Max",
        "Mean",
        "Median",
        "Min",
        "Prod",
        "Std",
        "Sum",
        "Var",
        "CountNonzero",
    ]
)
# Along an axis of the input.
_ALONG = frozenset(
    [
        "Concatenate",
        "Cumsum",
        "Cumprod",
        "Flip",
        "LogSoftmax",
        "Normalize",
        "Roll",
        "Repeat",
        "Softmax",
        "Sort",
        "Split",
        "Squeeze",
        "Take",
    ]
)


def known_operations() -> list[str]:
    """The operations that can act on single steps, by class, all but some along axes of theirs."""
    return sorted(_ELEMENTWISE | _REDUCTIONS | _ALONG | set(_CHECKS))


def refusal_of_operation(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    """Why an operation may give a step another result than inside the sequence, or None.

    Args:
        operation: Of `keras.ops`, in the graph of a model.
        rank: Axes of what it reads: (batch, time, ...).
        args: What it is called with.
    """
    kind = type(operation).__name__
    if kind in _ELEMENTWISE:
        return _with_constants(rank, args)
    if kind in _REDUCTIONS | _ALONG:
        return _along(getattr(operation, "axis", None), rank)
    if kind not in _CHECKS:
        return "the operation is not known to act on single steps"
    return _CHECKS[kind](operation, rank, args)


def reduces_time(operation: Any, rank: int) -> bool:
    """Whether an operation makes one number of those of all steps."""
    axis = getattr(operation, "axis", None)
    if type(operation).__name__ not in _REDUCTIONS or getattr(operation, "keepdims", False):
        return False
    if axis is None:
        return False
    axes = [int(a) % rank for a in (axis if isinstance(axis, (list, tuple)) else [axis])]
    return 1 in axes and 0 not in axes


def takes_last_step(operation: Any, args: tuple[Any, ...]) -> bool:
    """Whether an operation is `x[:, -1]`."""
    if type(operation).__name__ != "GetItem" or not isinstance(args[1], tuple):
        return False
    batch, time, *rest = [*args[1], None, None][: max(2, len(args[1]))]
    last = isinstance(time, int) and time == -1
    return last and batch == slice(None) and all(r in (slice(None), Ellipsis) for r in rest)


def _along(axis: Any, rank: int) -> str | None:
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if None in axes or any(int(a) % rank in (0, 1) for a in axes):
        return f"axis={axis} runs along time"
    return None


def _with_constants(rank: int, args: tuple[Any, ...]) -> str | None:
    """Of numbers that are not computed, such as a table of positions: has a step its own?"""
    for arg in args:
        shape = () if isinstance(arg, keras.KerasTensor) else np.shape(arg)
        time = len(shape) - rank + 1
        if time >= 0 and shape[time] != 1:
            return f"it computes with constants of shape {tuple(shape)}, other ones at every step"
    return None


def _new_axis(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    return _along(operation.axis, rank + 1)


def _of_key(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    """Of an index `x[key]`."""
    parts = list(args[1]) if isinstance(args[1], tuple) else [args[1]]
    front = parts[: parts.index(Ellipsis)] if Ellipsis in parts else parts
    if all(part == slice(None) for part in front[:2]):
        return None
    return "it takes single steps out of the sequence"


def _of_transpose(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    kept = tuple(operation.axes or ())[:2] == (0, 1)
    return None if kept else f"axes={operation.axes} moves the time axis"


def _of_pad(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    widths = operation.pad_width
    pairs = [(widths, widths)] * rank if isinstance(widths, int) else widths
    front = [int(size) for pair in list(pairs)[:2] for size in pair]
    return "it pads the time axis" if any(front) else None


def _of_product(operation: Any, rank: int, args: tuple[Any, ...]) -> str | None:
    """Of a product of matrices: with a constant one, it is a layer without bias."""
    first, second = args[:2]
    if len(first.shape) > 2 and len(second.shape) == 2 and not hasattr(second, "_keras_history"):
        return None
    return "a product of two sequences needs all of both"


_CHECKS = {
    "ExpandDims": _new_axis,
    "Stack": _new_axis,
    "GetItem": _of_key,
    "Transpose": _of_transpose,
    "Pad": _of_pad,
    "Matmul": _of_product,
}
