"""Normalization layers."""

from __future__ import annotations

from typing import Any

import numpy as np
from keras import layers, ops

from lrkeras.importers.onnx.registry import operator
from lrkeras.importers.onnx.values import Group, Tensor, arranged, own_layout, size_of


@operator(BatchNormalization="keras.layers.BatchNormalization")
def batch_normalization(builder: Any, node: Any) -> Tensor:
    """Statistics of the training data."""
    x = builder.tensor(node, 0)
    if node.attribute("training_mode", 0):
        raise ValueError("it is in training mode. Export the model for inference (model.eval()).")
    place, layout = _place(builder, x, x.axes[1])
    weights = [builder.constant(node, i) for i in (1, 2, 3, 4)]
    axis = -1 if place == len(layout) - 1 else place
    layer = layers.BatchNormalization(
        axis=axis, epsilon=node.attribute("epsilon", 1e-5), name=builder.name(node)
    )
    result = layer(arranged(x, layout))
    layer.set_weights(weights)
    return Tensor(result, layout, x.axes)


@operator(LayerNormalization="keras.layers.LayerNormalization")
def layer_normalization(builder: Any, node: Any) -> Tensor:
    """Statistics of the last axes."""
    x = builder.tensor(node, 0)
    first = node.attribute("axis", -1) % len(x.axes)
    groups = [group for group in x.axes[first:] if group]
    layout = list(x.layout)
    if layout[len(layout) - len(groups) :] != groups:
        rest = [group for group in own_layout(x, builder.batch) if group not in groups]
        layout = [*rest, *groups]
    shape = [layout_size(group) for group in groups]
    gamma = np.broadcast_to(builder.constant(node, 1), x.dims[first:]).reshape(shape)
    beta = builder.constant(node, 2)
    layer = layers.LayerNormalization(
        axis=list(range(-len(groups), 0)) if len(groups) > 1 else -1,
        epsilon=node.attribute("epsilon", 1e-5),
        center=beta is not None,
        name=builder.name(node),
    )
    result = layer(arranged(x, layout))
    if beta is not None:
        beta = np.broadcast_to(beta, x.dims[first:]).reshape(shape)
    layer.set_weights([gamma] if beta is None else [gamma, beta])
    return Tensor(result, layout, x.axes)


@operator(
    InstanceNormalization="keras.layers.GroupNormalization with a group for each channel",
    GroupNormalization="keras.layers.GroupNormalization",
)
def group_normalization(builder: Any, node: Any) -> Tensor:
    """Statistics of groups of channels, over all of time and space."""
    x = builder.tensor(node, 0)
    place, layout = _place(builder, x, x.axes[1])
    channels = int(x.dims[1])
    groups = channels if node.op == "InstanceNormalization" else node.attribute("num_groups")
    scale, bias = builder.constant(node, 1), builder.constant(node, 2)
    if scale.size != channels:  # until opset 20 one for each group
        scale, bias = (np.repeat(w, channels // groups) for w in (scale, bias))
    layer = layers.GroupNormalization(
        groups=groups,
        axis=place if place < len(layout) - 1 else -1,
        epsilon=node.attribute("epsilon", 1e-5),
        name=builder.name(node),
    )
    result = layer(arranged(x, layout))
    layer.set_weights([scale, bias])
    return Tensor(result, layout, x.axes)


@operator(RMSNormalization="keras.ops: the mean of squares")
def rms_normalization(builder: Any, node: Any) -> Tensor:
    """The length of the last axis."""
    x = builder.tensor(node, 0)
    if node.attribute("axis", -1) % len(x.axes) != len(x.axes) - 1:
        raise ValueError("it runs along several axes, where one is expected.")
    place, layout = _place(builder, x, x.axes[-1])
    y = arranged(x, [*(g for g in layout if g is not layout[place]), layout[place]])
    layout = [*(g for g in layout if g is not layout[place]), layout[place]]
    mean = ops.mean(ops.square(y), axis=-1, keepdims=True)
    result = y / ops.sqrt(mean + node.attribute("epsilon", 1e-5)) * builder.constant(node, 1)
    return Tensor(result, layout, x.axes)


def layout_size(group: Group) -> int:
    """Entries of an axis of known size."""
    return int(size_of(group))  # type: ignore[arg-type]


def _place(builder: Any, x: Tensor, group: Group) -> tuple[int, list[Group]]:
    """Where an axis of the file is in Keras, and a layout in which it is one axis."""
    layout = list(x.layout)
    if group not in layout:
        layout = own_layout(x, builder.batch)
    return layout.index(group), layout
