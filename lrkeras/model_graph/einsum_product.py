"""EinsumDense layers that do what a Dense layer does."""

import keras


def multiplies_last_axis(layer: keras.layers.EinsumDense) -> bool:
    """Whether an EinsumDense is `(..., inputs) @ (inputs, outputs)`, whatever its bias is."""
    operands, _, output = layer.equation.replace(" ", "").replace("...", "").partition("->")
    inputs, _, kernel = operands.partition(",")
    if len(kernel) != 2 or kernel[0] == kernel[1]:
        return False
    return inputs[-1:] == kernel[0] and output == inputs[:-1] + kernel[1]
