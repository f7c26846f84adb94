"""What sequences that are too short are filled up with."""

import keras

from lrkeras.model_graph.layers_of import calls_of


def padding_of(model: keras.Model) -> list[float | None]:
    """The value that each input of a model is padded with, which its masks leave out.

    0 for ids whose embedding has `mask_zero=True`, the `mask_value` of a `Masking` layer; None
    for an input that nothing masks.
    """
    found: dict[int, float] = {}
    for operation, node in calls_of(model):
        value = None
        if isinstance(operation, keras.layers.Masking):
            value = float(operation.mask_value)
        elif isinstance(operation, keras.layers.Embedding) and operation.mask_zero:
            value = 0
        if value is not None:
            found.update({id(tensor): value for tensor in node.input_tensors})
    return [found.get(id(tensor)) for tensor in model.inputs]
