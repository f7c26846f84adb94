"""A layer of the user's model inside a step model."""

from typing import Any

import keras
from keras import ops


class PointwiseStep(keras.layers.Layer):
    """Calls a layer that acts on single time steps, without leaving a trace in its graph.

    The layer belongs to the user's model; calling it directly while a functional model is built
    would add a second node to it.

    Args:
        layer: The built layer.
    """

    def __init__(self, layer: keras.layers.Layer):
        super().__init__(dtype="float32")
        self.layer = layer
        self.built = True
        self.supports_masking = True

    def call(self, *args: Any, **kwargs: Any) -> Any:
        """Calls the layer for inference; a `TimeDistributed` calls the layer it wraps."""
        if isinstance(self.layer, keras.layers.TimeDistributed):
            # The time steps become the batch, which is one here.
            steps = ops.reshape(args[0], args[0].shape[1:])
            return ops.expand_dims(self.layer.layer(steps), 0)
        return self.layer(*args, **kwargs)

    def compute_output_spec(self, *args: Any, **kwargs: Any) -> Any:
        """Asks the layer, which knows without being traced."""
        return self.layer.compute_output_spec(*args, **kwargs)

    def compute_mask(self, inputs: Any, previous_mask: Any = None) -> None:
        """None: a functional model hands masks on as arguments of their own."""
        return None
