"""Functions of TensorFlow that Keras 2 kept as layers, in `keras.ops`.

Where a functional model of TensorFlow 2.4 to 2.15 applied `tf.reduce_mean`, `+` or `h[:, -1]` to
the outputs of its layers, Keras 2 wrote a `TFOpLambda` or a `SlicingOpLambda`: the name of the
function and its arguments, no Python code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from lrkeras.legacy_h5.reason_of import reason_of

LAYERS = {"SlicingOpLambda", "TFOpLambda"}


def call_function(name: str, layer: str, args: tuple, kwargs: dict[str, Any]) -> Any:
    """Applies a function of TensorFlow to tensors of Keras.

    Args:
        name: Its name below `tf`, such as `"math.reduce_mean"`.
        layer: The layer that it is in the file, for messages.
        args: Its arguments by position.
        kwargs: Its other arguments, by their names in TensorFlow.

    Raises:
        ValueError: It is not known here, or has an argument that is not.
    """
    function = FUNCTIONS.get(name)
    if function is None:
        raise ValueError(
            f"The layer {layer!r} applies tf.{name}, which is not among the functions that are "
            "translated (see the page `Bring your model`). Build the model in Python with "
            "keras.ops in its place, and pass it as model=."
        )
    given = {key: value for key, value in kwargs.items() if key != "name"}
    try:
        return function(*args, **given)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"The layer {layer!r}, tf.{name}, cannot be translated: {reason_of(error)}"
        ) from error


def _reduction(function: Callable) -> Callable:
    def reduced(input_tensor: Any, axis: Any = None, keepdims: Any = False) -> Any:
        return function(input_tensor, axis=_axis(axis), keepdims=bool(keepdims))

    return reduced


def _axis(axis: Any) -> Any:
    return tuple(axis) if isinstance(axis, list) else axis


def _binary(function: Callable) -> Callable:
    def applied(x: Any, y: Any) -> Any:
        return function(x, y)

    return applied


def _unary(function: Callable, argument: str = "x") -> Callable:
    def applied(*args: Any, **kwargs: Any) -> Any:
        unknown = sorted(set(kwargs) - {argument})
        if unknown or len(args) + len(kwargs) != 1:
            raise TypeError(f"expected one tensor, received the arguments {unknown}")
        return function(*args, *kwargs.values())

    return applied


def _shape(input: Any, out_type: Any = None) -> tuple[int | None, ...]:
    return tuple(input.shape)


def _reshape(tensor: Any, shape: Any) -> Any:
    return ops.reshape(tensor, _sizes(shape))


def _sizes(shape: Any) -> tuple[int, ...]:
    sizes = [-1 if size is None else size for size in shape]
    if any(not isinstance(size, int) for size in sizes) or sizes.count(-1) > 1:
        raise ValueError(f"expected a shape with at most one size left open, received {sizes}")
    return tuple(sizes)


def _cast(x: Any, dtype: str) -> Any:
    return ops.cast(x, dtype)


def _transpose(a: Any, perm: Any = None, conjugate: bool = False) -> Any:
    return ops.transpose(a, perm)


def _matmul(
    a: Any, b: Any, transpose_a: bool = False, transpose_b: bool = False, **others: Any
) -> Any:
    if any(others.values()):
        raise ValueError(f"expected dense matrices without adjoints, received {others}")
    a = ops.swapaxes(a, -1, -2) if transpose_a else a
    b = ops.swapaxes(b, -1, -2) if transpose_b else b
    return ops.matmul(a, b)


def _split(value: Any, num_or_size_splits: Any, axis: int = 0) -> Any:
    if isinstance(num_or_size_splits, int):
        return ops.split(value, num_or_size_splits, axis=axis)
    ends = [sum(num_or_size_splits[: i + 1]) for i in range(len(num_or_size_splits) - 1)]
    return ops.split(value, ends, axis=axis)


def _unstack(value: Any, num: int | None = None, axis: int = 0) -> Any:
    return ops.unstack(value, num, axis)


def _concat(values: Any, axis: int) -> Any:
    return ops.concatenate(values, axis=axis)


def _stack(values: Any, axis: int = 0) -> Any:
    return ops.stack(values, axis=axis)


def _add_n(inputs: Any) -> Any:
    total, *rest = inputs
    for tensor in rest:
        total = ops.add(total, tensor)
    return total


def _squeeze(input: Any, axis: Any = None, squeeze_dims: Any = None) -> Any:
    return ops.squeeze(input, _axis(squeeze_dims if axis is None else axis))


def _expand_dims(input: Any, axis: int) -> Any:
    return ops.expand_dims(input, axis)


def _softmax(logits: Any, axis: int | None = -1) -> Any:
    return ops.softmax(logits, axis=-1 if axis is None else axis)


def _log_softmax(logits: Any, axis: int | None = -1) -> Any:
    return ops.log_softmax(logits, axis=-1 if axis is None else axis)


def _leaky_relu(features: Any, alpha: float = 0.2) -> Any:
    return ops.leaky_relu(features, negative_slope=alpha)


def _gelu(features: Any, approximate: bool = False) -> Any:
    return ops.gelu(features, approximate=approximate)


def _clip(t: Any, clip_value_min: float, clip_value_max: float) -> Any:
    return ops.clip(t, clip_value_min, clip_value_max)


def _where(condition: Any, x: Any = None, y: Any = None) -> Any:
    if x is None or y is None:
        raise ValueError("expected x and y, without which the shape of the result is not known")
    return ops.where(condition, x, y)


def _tile(input: Any, multiples: Any) -> Any:
    return ops.tile(input, multiples)


def _repeat(input: Any, repeats: Any, axis: int | None = None) -> Any:
    return ops.repeat(input, repeats, axis=axis)


def _gather(
    params: Any, indices: Any, validate_indices: Any = None, axis: int = 0, batch_dims: int = 0
) -> Any:
    if batch_dims:
        raise ValueError(f"expected batch_dims=0, received {batch_dims}")
    return ops.take(params, indices, axis=axis or 0)


def _l2_normalize(x: Any, axis: Any = None, epsilon: float = 1e-12) -> Any:
    squares = ops.sum(ops.square(x), axis=_axis(axis), keepdims=True)
    return ops.multiply(x, ops.rsqrt(ops.maximum(squares, epsilon)))


def _norm(tensor: Any, ord: Any = "euclidean", axis: Any = None, keepdims: Any = None) -> Any:
    if ord not in ("euclidean", 2):
        raise ValueError(f"expected the euclidean norm, received ord={ord!r}")
    return ops.sqrt(ops.sum(ops.square(tensor), axis=_axis(axis), keepdims=bool(keepdims)))


def _reverse(tensor: Any, axis: Any) -> Any:
    return ops.flip(tensor, axis=_axis(axis))


def _pad(tensor: Any, paddings: Any, mode: str = "CONSTANT", constant_values: Any = 0) -> Any:
    if mode.lower() != "constant":
        return ops.pad(tensor, paddings, mode=mode.lower())
    return ops.pad(tensor, paddings, mode="constant", constant_values=constant_values)


def _arg(function: Callable) -> Callable:
    def found(input: Any, axis: int | None = 0, output_type: str = "int64") -> Any:
        return ops.cast(function(input, axis=axis), output_type)

    return found


def _one_hot(indices: Any, depth: int, on_value: Any = None, off_value: Any = None) -> Any:
    if on_value not in (None, 1) or off_value not in (None, 0):
        raise ValueError("expected ones and zeros")
    return ops.one_hot(indices, depth)


def _broadcast_to(input: Any, shape: Any) -> Any:
    return ops.broadcast_to(input, shape)


def _top_k(input: Any, k: int = 1, sorted: bool = True) -> Any:
    return ops.top_k(input, k, sorted=sorted)


def _getitem(tensor: Any, slice_spec: Any) -> Any:
    key = [_index(part) for part in slice_spec] if isinstance(slice_spec, list) else None
    return tensor[tuple(key) if key is not None else _index(slice_spec)]


def _index(part: Any) -> Any:
    if isinstance(part, dict):
        if part.get("class_name") == "__ellipsis__":
            return Ellipsis
        return slice(part["start"], part["stop"], part["step"])
    if part is None or isinstance(part, int):
        return part
    raise ValueError("expected an index that does not depend on other tensors")


def _logical_not(x: Any) -> Any:
    return ops.logical_not(x)


def _bias_add(value: Any, bias: Any, data_format: Any = None) -> Any:
    return ops.add(value, bias)


def _truediv(x: Any, y: Any) -> Any:
    return ops.true_divide(x, y)


def _divide_no_nan(x: Any, y: Any) -> Any:
    return ops.divide_no_nan(x, y)


def _identity(input: Any) -> Any:
    return keras.layers.Identity()(input)


def _named(function: Callable, *arguments: str) -> dict[str, Callable]:
    return dict.fromkeys(arguments, function)


FUNCTIONS: dict[str, Callable] = {
    **_named(_binary(ops.add), "__operators__.add", "math.add"),
    **_named(_binary(ops.subtract), "math.subtract"),
    **_named(_binary(ops.multiply), "math.multiply"),
    **_named(_truediv, "math.truediv", "math.divide", "RealDiv"),
    **_named(_divide_no_nan, "math.divide_no_nan"),
    **_named(_binary(ops.power), "math.pow"),
    **_named(_binary(ops.floor_divide), "math.floordiv"),
    **_named(_binary(ops.mod), "math.floormod"),
    **_named(_binary(ops.maximum), "math.maximum"),
    **_named(_binary(ops.minimum), "math.minimum"),
    **_named(_binary(ops.equal), "math.equal"),
    **_named(_binary(ops.not_equal), "math.not_equal", "__operators__.ne"),
    **_named(_binary(ops.equal), "__operators__.eq"),
    **_named(_binary(ops.greater), "math.greater"),
    **_named(_binary(ops.greater_equal), "math.greater_equal"),
    **_named(_binary(ops.less), "math.less"),
    **_named(_binary(ops.less_equal), "math.less_equal"),
    **_named(_binary(ops.logical_and), "math.logical_and"),
    **_named(_binary(ops.logical_or), "math.logical_or"),
    **_named(_logical_not, "math.logical_not"),
    **{
        f"math.{name}": _unary(getattr(ops, name))
        for name in (
            *("abs", "ceil", "cos", "exp", "expm1", "floor", "log", "log1p", "negative", "round"),
            *("rsqrt", "sigmoid", "sign", "sin", "sqrt", "square", "tanh"),
        )
    },
    "math.erf": _unary(ops.erf),
    "math.reciprocal": _unary(ops.reciprocal),
    "math.softplus": _unary(ops.softplus, "features"),
    "nn.relu": _unary(ops.relu, "features"),
    "nn.relu6": _unary(ops.relu6, "features"),
    "nn.elu": _unary(ops.elu, "features"),
    "nn.selu": _unary(ops.selu, "features"),
    "nn.softsign": _unary(ops.softsign, "features"),
    "nn.silu": _unary(ops.silu, "features"),
    "nn.sigmoid": _unary(ops.sigmoid),
    "nn.tanh": _unary(ops.tanh),
    "nn.leaky_relu": _leaky_relu,
    "nn.gelu": _gelu,
    **_named(_softmax, "nn.softmax", "compat.v1.nn.softmax"),
    **_named(_log_softmax, "nn.log_softmax"),
    "nn.bias_add": _bias_add,
    **{f"math.reduce_{name}": _reduction(getattr(ops, name)) for name in ("max", "mean", "min")},
    **{f"math.reduce_{name}": _reduction(getattr(ops, name)) for name in ("prod", "std", "sum")},
    "math.reduce_variance": _reduction(ops.var),
    "math.reduce_any": _reduction(ops.any),
    "math.reduce_all": _reduction(ops.all),
    "math.reduce_logsumexp": _reduction(ops.logsumexp),
    "math.argmax": _arg(ops.argmax),
    "math.argmin": _arg(ops.argmin),
    "math.add_n": _add_n,
    **_named(_l2_normalize, "math.l2_normalize", "linalg.l2_normalize", "nn.l2_normalize"),
    **_named(_norm, "norm", "compat.v1.norm", "linalg.norm"),
    **_named(_matmul, "linalg.matmul", "matmul"),
    **_named(_top_k, "math.top_k"),
    **_named(_transpose, "transpose", "compat.v1.transpose"),
    **_named(_shape, "shape", "compat.v1.shape"),
    "reshape": _reshape,
    "cast": _cast,
    "concat": _concat,
    "stack": _stack,
    "unstack": _unstack,
    "split": _split,
    **_named(_squeeze, "squeeze", "compat.v1.squeeze"),
    **_named(_expand_dims, "expand_dims", "compat.v1.expand_dims"),
    "clip_by_value": _clip,
    **_named(_where, "where", "compat.v1.where"),
    "tile": _tile,
    "repeat": _repeat,
    **_named(_gather, "gather", "compat.v1.gather"),
    "reverse": _reverse,
    **_named(_pad, "pad", "compat.v1.pad"),
    "one_hot": _one_hot,
    "broadcast_to": _broadcast_to,
    "zeros_like": _unary(ops.zeros_like, "input"),
    "ones_like": _unary(ops.ones_like, "input"),
    **_named(_identity, "identity", "stop_gradient"),
    "__operators__.getitem": _getitem,
}
"""What is translated, by the name below `tf`."""
