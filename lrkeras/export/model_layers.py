"""The layers of a model, wherever they are in it."""

import keras


def all_layers(model: keras.Model, unwrapped: bool = True) -> list[keras.layers.Layer]:
    """The layers of a model and of the models inside it.

    Args:
        model: A functional model.
        unwrapped: Whether to give both layers of a `Bidirectional` in its place.
    """
    found: list[keras.layers.Layer] = []
    for layer in model.layers:
        if isinstance(layer, keras.Model):
            found.extend(all_layers(layer, unwrapped))
        elif unwrapped and isinstance(layer, keras.layers.Bidirectional):
            found.extend([layer.forward_layer, layer.backward_layer])
        else:
            found.append(layer)
    return found


def fixed_length(model: keras.Model) -> int | None:
    """Number of time steps that the model was built for, or None if it takes any."""
    return next((t.shape[1] for t in model.inputs if t.shape[1] is not None), None)
