"""Matrix products: Dense layers where one side is constant."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.broadcasting import refined
from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Atom, Constant, Group, Tensor, arranged, batch_first, flat


@operator(MatMul="keras.layers.Dense where the second factor is constant, else keras.ops.matmul")
def matmul(builder: Any, node: Any) -> Tensor:
    """A product, with the bias that is added to it."""
    a, b = builder.value(node, 0), builder.value(node, 1)
    if isinstance(a, Tensor) and isinstance(b, Constant) and b.array.ndim == 2:
        bias, add = _bias_after(builder, node, b.array.shape[1])
        result = dense(builder, node, a, b.array, bias)
        if add is not None:
            builder.values[add.outputs[0]] = result
        return result
    return _product(builder, a, b)


@operator(Gemm="keras.layers.Dense where the second factor is constant, else keras.ops.matmul")
def gemm(builder: Any, node: Any) -> Tensor:
    """A product of matrices with a bias."""
    alpha, beta = node.attribute("alpha", 1.0), node.attribute("beta", 1.0)
    a, b = builder.value(node, 0), builder.value(node, 1)
    if not isinstance(a, Tensor) or not isinstance(b, Constant):
        raise ValueError("its second factor is computed. Use MatMul for a product of activations.")
    if node.attribute("transA", 0):
        a = a.seen_as(a.axes[::-1])
    kernel = b.array.T if node.attribute("transB", 0) else b.array
    bias = builder.constant(node, 2)
    if bias is not None:
        if bias.ndim == 2 and bias.shape[0] != 1:
            raise ValueError("its bias C is another one for each row. Add it after the product.")
        bias = np.broadcast_to(bias.reshape(-1), kernel.shape[1:]) * np.float32(beta)
    return dense(builder, node, a, kernel * np.float32(alpha), bias)


@operator(Einsum="keras.ops.einsum")
def einsum(builder: Any, node: Any) -> Tensor:
    """A product by its equation."""
    equation = node.attribute("equation").replace(" ", "")
    if "..." in equation or "->" not in equation:
        raise ValueError("its equation has an ellipsis or no result. Write every axis of it.")
    given, _, wanted = equation.partition("->")
    letters: dict[str, Group] = {}
    operands = []
    for place, names in enumerate(given.split(",")):
        value = builder.value(node, place)
        if isinstance(value, Constant):
            operands.append(value.array)
            sizes = zip(names, value.array.shape, strict=True)
            letters.update({n: (Atom(s),) for n, s in sizes if n not in letters})
        else:
            value = value.refreshed()
            operands.append(arranged(value, value.axes))
            letters.update(
                {n: g for n, g in zip(names, value.axes, strict=True) if n not in letters}
            )
    axes = [letters[name] for name in wanted]
    return Tensor(ops.einsum(equation, *operands), axes, axes)


def dense(builder: Any, node: Any, x: Tensor, kernel: np.ndarray, bias: Any) -> Tensor:
    """A Dense layer with these weights."""
    last = x.axes[-1]
    layout = list(x.layout)
    if not last or layout[-1] != last:
        rest = [
            group for group in x.layout if group and not set(map(id, group)) & set(map(id, last))
        ]
        if len(flat(rest)) + len(last) != len(flat(x.layout)):
            rest = [(atom,) for atom in flat(x.axes[:-1])]
        layout = [*batch_first(rest, builder.batch), last]
    if len(layout) == 1:  # a batch of one that is no axis
        layout = [(), *layout]
    y = arranged(x, layout)
    layer = layers.Dense(kernel.shape[1], use_bias=bias is not None, name=builder.name(node))
    result = layer(y)
    layer.set_weights([kernel] if bias is None else [kernel, bias])
    units: Group = (Atom(kernel.shape[1]),) if kernel.shape[1] != 1 else ()
    return Tensor(result, [*layout[:-1], units], [*x.axes[:-1], units])


def _bias_after(builder: Any, node: Any, units: int) -> tuple[Any, Any]:
    """The bias that is added to a product and to nothing else, and the node that adds it."""
    add = builder.sole_reader(node.outputs[0], "Add")
    if add is None:
        return None, None
    other = next((name for name in add.inputs if name != node.outputs[0]), "")
    value = builder.values.get(other)
    if not isinstance(value, Constant) or not value.is_plain:
        return None, None
    array = value.array
    if array.ndim > 1 and any(size != 1 for size in array.shape[:-1]):
        return None, None
    if array.ndim > 2 or array.size not in (1, units):
        return None, None
    return np.broadcast_to(array.reshape(-1), (units,)), add


def _product(builder: Any, a: Any, b: Any) -> Tensor:
    """`a @ b`, each axis but the last two shared."""
    if isinstance(a, Constant) or isinstance(b, Constant):
        return _constant_product(builder, a, b)
    rank = max(len(a.axes), len(b.axes))
    if min(len(a.axes), len(b.axes)) < 2:
        raise ValueError("one of its factors is a vector. Give both at least two axes.")
    a, b = (t.seen_as([()] * (rank - len(t.axes)) + list(t.axes)) for t in (a, b.refreshed()))
    for place in range(rank - 2):
        if a.axes[place] and b.axes[place]:
            a, b = refined(a, b, place)
            for old, new in zip(b.axes[place], a.axes[place], strict=True):
                b = b.replaced(old, (new,))
    shared = [a.axes[i] or b.axes[i] for i in range(rank - 2)]
    order: list[Group] = batch_first([(atom,) for atom in flat(shared)], builder.batch)
    x = arranged(a, [*_present(order, a), *a.axes[-2:]])
    y = arranged(b, [*_present(order, b), *b.axes[-2:]])
    return Tensor(
        ops.matmul(x, y), [*order, a.axes[-2], b.axes[-1]], [*shared, a.axes[-2], b.axes[-1]]
    )


def _present(order: list[Group], tensor: Tensor) -> list[Group]:
    own = {id(atom) for atom in flat(tensor.axes)}
    return [group if id(group[0]) in own else () for group in order]


def _constant_product(builder: Any, a: Any, b: Any) -> Tensor:
    if isinstance(a, Constant) and a.array.ndim == 2 and isinstance(b, Tensor):
        # (A x)^T = x^T A^T
        rank = len(b.axes)
        turned = b.seen_as([*b.axes[: rank - 2], b.axes[-1], b.axes[-2]])
        y = arranged(turned, [*[g for g in turned.axes[:-1] if g], turned.axes[-1]])
        rows: Group = (Atom(a.array.shape[0]),)
        layout = [*[g for g in turned.axes[:-1] if g], rows]
        return Tensor(ops.matmul(y, a.array.T), layout, [*b.axes[: rank - 2], rows, b.axes[-1]])
    if isinstance(a, Tensor) and b.array.ndim == 1:
        raise ValueError("its second factor is a vector. Give it two axes.")
    x = arranged(a, a.axes)
    columns: Group = (Atom(b.array.shape[-1]),)
    axes = [*a.axes[:-1], columns]
    return Tensor(ops.matmul(x, b.array), axes, axes)
