"""Functions of single entries, and softmax."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.broadcasting import constant_operand
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Constant, Tensor, along

_NAMED = {
    "Relu": "relu",
    "Sigmoid": "sigmoid",
    "Tanh": "tanh",
    "Softplus": "softplus",
    "Softsign": "softsign",
    "Selu": "selu",
    "HardSwish": "hard_silu",
    "Mish": "mish",
}
_OPS: dict[str, Callable] = {
    "Abs": ops.abs,
    "Ceil": ops.ceil,
    "Cos": ops.cos,
    "Erf": ops.erf,
    "Exp": ops.exp,
    "Floor": ops.floor,
    "IsNaN": ops.isnan,
    "Log": ops.log,
    "Neg": ops.negative,
    "Not": ops.logical_not,
    "Reciprocal": lambda x: ops.divide(1.0, x),
    "Round": ops.round,
    "Sign": ops.sign,
    "Sin": ops.sin,
    "Sqrt": ops.sqrt,
}


@operator(
    **{name: f'keras.layers.Activation("{keras}")' for name, keras in _NAMED.items()},
    **{
        name: f"keras.ops.{getattr(f, '__name__', '')}"
        for name, f in _OPS.items()
        if name != "Reciprocal"
    },
    Reciprocal="keras.ops.divide",
)
def function(builder: Any, node: Any) -> Tensor:
    """A function of each entry, as the tensor lies."""
    x = builder.tensor(node, 0)
    if node.op in _NAMED:
        return _like(x, layers.Activation(_NAMED[node.op], name=builder.name(node))(x.read()))
    return _like(x, _OPS[node.op](x.read()))


@operator(
    LeakyRelu="keras.layers.LeakyReLU",
    Elu="keras.layers.ELU",
    Gelu='keras.layers.Activation("gelu") or keras.ops.gelu',
    HardSigmoid='keras.layers.Activation("hard_sigmoid"), or keras.ops with other slopes',
    Swish='keras.layers.Activation("silu")',
    Celu="keras.ops.celu",
)
def sloped(builder: Any, node: Any) -> Tensor:  # noqa: PLR0911 (one for each function)
    """A function with a number."""
    x, name = builder.tensor(node, 0), builder.name(node)
    alpha = node.attribute("alpha")
    if node.op == "LeakyRelu":
        slope = 0.01 if alpha is None else alpha
        return _like(x, layers.LeakyReLU(negative_slope=slope, name=name)(x.read()))
    if node.op == "Elu":
        return _like(x, layers.ELU(alpha=1.0 if alpha is None else alpha, name=name)(x.read()))
    if node.op == "Gelu":
        if node.attribute("approximate", "none") == "tanh":
            return _like(x, ops.gelu(x.read(), approximate=True))
        return _like(x, ops.gelu(x.read(), approximate=False))
    if node.op == "Swish" and alpha in (None, 1.0):
        return _like(x, layers.Activation("silu", name=name)(x.read()))
    if node.op == "Celu":
        return _like(x, ops.celu(x.read(), alpha=1.0 if alpha is None else alpha))
    alpha = 0.2 if alpha is None else alpha
    beta = node.attribute("beta", 0.5)
    if node.op == "HardSigmoid" and math.isclose(alpha, 1 / 6, rel_tol=1e-5) and beta == 0.5:
        return _like(x, layers.Activation("hard_sigmoid", name=name)(x.read()))
    if node.op == "Swish":
        return _like(x, ops.multiply(x.read(), ops.sigmoid(ops.multiply(x.read(), alpha))))
    line = ops.add(ops.multiply(x.read(), alpha), beta)
    return _like(x, ops.clip(line, 0.0, 1.0))


@operator(PRelu="keras.layers.PReLU, or keras.ops where its slopes do not fit one")
def prelu(builder: Any, node: Any) -> Tensor:
    """Slopes of the weights."""
    x = builder.tensor(node, 0)
    slope = Constant.of(builder.constant(node, 1))
    alpha = np.asarray(constant_operand(slope, list(x.axes), list(x.layout)))
    shape = (1,) * (len(x.layout) - alpha.ndim) + alpha.shape
    if len(shape) < 2 or shape[0] != 1:
        y = x.read()
        return _like(
            x,
            ops.where(
                ops.greater(y, 0.0),
                y,
                ops.multiply(y, alpha.tolist() if alpha.ndim == 0 else alpha),
            ),
        )
    shared = [axis for axis in range(1, len(shape)) if shape[axis] == 1]
    layer = layers.PReLU(shared_axes=shared or None, name=builder.name(node))
    result = layer(x.read())
    layer.set_weights([np.broadcast_to(alpha.reshape(shape[1:]), layer.alpha.shape)])
    return _like(x, result)


@operator(
    Softmax='keras.layers.Activation("softmax") or keras.layers.Softmax',
    LogSoftmax="keras.ops.log_softmax",
)
def softmax(builder: Any, node: Any) -> Tensor:
    """Shares of a sum along an axis."""
    x = builder.tensor(node, 0)
    rank = len(x.axes)
    axis = node.attribute("axis", -1 if builder.opset >= 13 else 1) % rank
    if builder.opset < 13 and any(size != 1 for size in x.dims[axis + 1 :]):
        raise ValueError(
            f"opset {builder.opset} takes it over all axes from {axis} on. Export the model with "
            "opset 13 or later."
        )
    y, layout, place = along(x, axis, builder)
    if node.op == "LogSoftmax":
        result = ops.log_softmax(y, axis=-1 if place == len(layout) - 1 else place)
    elif place == len(layout) - 1:
        result = layers.Activation("softmax", name=builder.name(node))(y)
    else:
        result = layers.Softmax(axis=place, name=builder.name(node))(y)
    return Tensor(result, layout, x.axes)


def _like(x: Tensor, result: Any) -> Tensor:
    return Tensor(result, x.layout, x.axes)
